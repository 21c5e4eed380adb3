module github.com/remuda-go/remuda/client

go 1.26.0

require (
	connectrpc.com/connect/v2 v2.0.2
	github.com/bufbuild/protocompile v0.14.1
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
	google.golang.org/protobuf v1.36.12
)

require (
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sync v0.25.0 // indirect
)
