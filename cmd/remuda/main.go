// Remuda runs tasks that outlive the process, without a line of Go: programs and
// URLs run them, a config file says which, and they are stored until they have run.
// See docs/command.md.
package main

import "github.com/remuda-go/remuda/cmd/remuda/remudacli"

func main() { remudacli.Main() }
