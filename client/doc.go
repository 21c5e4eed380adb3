// Package client is a typed client of a remuda that serves elsewhere: tasks are pushed
// and their results read over Connect, without NATS and without a store of one's own.
//
//	var Charge = client.Define[Order, Receipt]("charge")
//
//	c := client.New("http://queue:8055", client.Token(token))
//	id, err := Charge.Push(ctx, c, order, client.Name(order.ID)) // err == nil: it is stored, and will run
//	receipt, err := Charge.Wait(ctx, c, id)
//
// Inputs and outputs are JSON, as those of package tasks are by default; a type whose
// values are []byte or json.RawMessage is passed as it is, which is what programs and
// URLs of a config expect.
//
// What has no method here is in the generated client, [Client.Service]: lists, events,
// and steering. Any gRPC, gRPC-Web or Connect client of another language can be
// generated from proto/remuda/v1/remuda.proto.
package client

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 lint
//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate
