module github.com/remuda-go/remuda/examples

go 1.25

require github.com/remuda-go/remuda v0.0.0

replace github.com/remuda-go/remuda => ../
