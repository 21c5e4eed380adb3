module github.com/remuda-go/remuda/contrib/failsafe

go 1.26.0

require (
	github.com/failsafe-go/failsafe-go v0.9.8
	github.com/remuda-go/remuda v0.1.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)

require (
	github.com/bits-and-blooms/bitset v1.29.0 // indirect
	github.com/influxdata/tdigest v0.0.1 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sync v0.25.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/remuda-go/remuda => ../..
