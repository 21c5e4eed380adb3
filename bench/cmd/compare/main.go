// Command compare measures remuda against its peers and writes RESULTS.md, the
// charts beside it, and the measurements.
//
//	go run ./cmd/compare                  # everything, into the current directory
//	go run ./cmd/compare -quick           # a quick look, printed and not written
//	go run ./cmd/compare -scenario '^do$' # one scenario, printed and not written
//	go run ./cmd/compare -render          # the page anew from results.json
//	go run ./cmd/compare -guard           # fail if remuda collapses in a process that works
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/remuda-go/remuda/bench/contender"
	"github.com/remuda-go/remuda/bench/report"
	"github.com/remuda-go/remuda/bench/scenario"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		exit(runChild(os.Args[2:], os.Stdout))
	}
	exit(run(os.Args[1:]))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(args []string) error {
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "a tenth of the operations, to see that it works")
	pattern := flags.String("scenario", "", "run the scenarios whose name matches this regular `expression`")
	count := flags.Int("count", 7, "rounds in which each contender runs once")
	out := flags.String("out", "", "write to this `directory` (the current one, for a full run)")
	render := flags.Bool("render", false, "measure nothing, write the page from the results.json that is there")
	guarded := flags.Bool("guard", false, "no comparison: fail if remuda takes 10 times what one writes by hand, in a process that works")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *guarded {
		return guard(os.Stdout)
	}
	if *out == "" && (*render || !*quick && *pattern == "") {
		*out = "."
	}
	results, err := measureOrLoad(*render, *out, *pattern, comparison{quick: *quick, rounds: *count})
	if err != nil {
		return err
	}
	if *out == "" {
		_, err = fmt.Print(report.Markdown(results))
		return err
	}
	return report.Write(*out, results)
}

func measureOrLoad(load bool, dir, pattern string, c comparison) (report.Results, error) {
	if load {
		return report.Load(filepath.Join(dir, report.ResultsFile))
	}
	match, err := regexp.Compile(pattern)
	if err != nil {
		return report.Results{}, err
	}
	for _, s := range scenario.All(contender.All()) {
		if match.MatchString(s.Name) {
			c.scenarios = append(c.scenarios, s)
		}
	}
	if len(c.scenarios) == 0 {
		return report.Results{}, fmt.Errorf("no scenario matches %q", pattern)
	}
	return c.run()
}
