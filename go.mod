module github.com/remuda-go/remuda

go 1.25
