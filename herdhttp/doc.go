// Package herdhttp shows and changes the size of a [remuda.Herd] over HTTP, as
// gofherd does, and serves metrics beside it.
//
//	server, err := herdhttp.Serve(herd, "127.0.0.1:5555")
//	if err != nil { ... }
//	defer server.Close()
//
// Then, from a shell on the same machine:
//
//	curl 127.0.0.1:5555/herd
//	curl -XPATCH 127.0.0.1:5555/herd -d '{"num": 10}'
//
// [Handler] is the same for a server that the program has already.
//
// # Who may ask
//
// A request is answered with 403, and changes nothing, unless it passes all of these
// checks:
//
//   - Without [WithAuthorizer], it must come in at a loopback address, so that
//     only programs on the same machine get in. With it, the function that was
//     given decides on every request, at any address, GET /metrics included.
//   - A request that comes in at a loopback address must name a loopback host,
//     such as localhost, so that no web page gets in by a name of its own that
//     leads here (DNS rebinding). A proxy on the same machine has to send such a
//     host, and everything that it passes on comes in at a loopback address: it
//     needs an authorizer.
//   - A request that changes something must not come from a web page of another
//     origin ([net/http.CrossOriginProtection]).
//
// [Serve] goes by the address at which it listens, and [Handler] by the one at which
// the connection came in ([net/http.LocalAddrContextKey]). An address counts as a
// loopback address only if it is known to be one.
package herdhttp
