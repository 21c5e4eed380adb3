// Package client is a typed client of a remuda that serves elsewhere: it pushes
// tasks and reads their results over Connect, without NATS and without a store of
// its own.
//
//	var Charge = client.Define[Order, Receipt]("charge")
//
//	c := client.New("http://queue:8055", client.Token(token))
//	id, err := Charge.Push(ctx, c, order, client.Name(order.ID)) // err == nil: it is stored, and will run
//	receipt, err := Charge.Wait(ctx, c, id)
//
// Inputs and outputs are JSON, as in package tasks by default; []byte and
// json.RawMessage are passed as they are, which is what programs and URLs of a
// config expect.
//
// Everything else is in the generated client, Client.Service: lists, events, and
// control. Any gRPC, gRPC-Web or Connect client of another language can be generated
// from proto/remuda/v1/remuda.proto.
package client

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 lint
//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate
