package report

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// What Write makes in its directory.
const (
	ResultsFile = "results.json"
	pageFile    = "RESULTS.md"
	chartFolder = "charts"
)

// Write writes the page, the charts and the results themselves to a directory.
func Write(dir string, r Results) error {
	if err := os.MkdirAll(filepath.Join(dir, chartFolder), 0o755); err != nil {
		return err
	}
	for _, s := range r.Scenarios {
		svg, err := Chart(s)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, chartFolder, s.Name+".svg"), svg, 0o644); err != nil {
			return err
		}
	}
	if err := r.Save(filepath.Join(dir, ResultsFile)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, pageFile), []byte(Markdown(r)), 0o644)
}

// Markdown renders the page.
func Markdown(r Results) string {
	p := &page{}
	p.preamble(r)
	p.goals(r)
	for _, s := range r.Scenarios {
		p.scenario(s)
	}
	p.line(absent)
	return p.String()
}

type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) {
	if len(args) == 0 {
		p.WriteString(format + "\n")
		return
	}
	fmt.Fprintf(p, format+"\n", args...)
}

func (p *page) preamble(r Results) {
	p.line("# Results\n")
	p.line("<!-- Generated. Do not edit: `go run ./cmd/compare` in bench/ measures everything and writes this page, its charts and results.json;")
	p.line("`go run ./cmd/compare -render` writes them anew from results.json. The remarks are in report/notes.go and report/absent.go. -->\n")
	p.line("remuda beside other pools, and beside what one would write without a pool (the floors; the one that is written for the case at hand stands under *by hand*), in one run: in each of %d rounds every contender ran once, "+
		"one after the other. Figures are medians of the rounds, ± half the distance between the quartiles. All times are from submission to *completion*, and "+
		"all results are checked. A ratio is remuda's figure by the other's: below 1, remuda does better.\n", r.Rounds)
	if r.Quick {
		p.line("**This was a quick look with a tenth of the operations. Do not quote it.**\n")
	}
	p.line("Measured on %s.\n", strings.Join(r.Machine, "; "))
	p.line("Versions: %s. Where a newer version of a peer asks for a newer Go than remuda does, this is the newest one that does not.\n", strings.Join(r.Versions, ", "))
}

func (p *page) goals(r Results) {
	p.line("## Goals\n")
	p.line("Set before measuring, and shown whether they hold or not; the worst cell counts.\n")
	p.line("| scenario | what | at most | measured | holds |\n|---|---|--:|--:|---|")
	for _, g := range goals {
		v, ok := g.judge(r)
		if !ok {
			continue
		}
		holds, where := "yes", ""
		if !(v.measured <= g.limit) {
			holds = "**no**"
		}
		if v.cell != "" {
			where = " (" + v.cell + ")"
		}
		p.line("| %s | %s | %s | %s%s | %s |", g.scenario, g, number(g.limit), number(v.measured), where, holds)
	}
	p.line("")
}

func (p *page) scenario(s Scenario) {
	p.line("## %s\n", s.Title)
	p.line("%s\n", s.About)
	p.line("![%s](%s/%s.svg)\n", s.Title, chartFolder, s.Name)
	p.summary(s)
	p.losses(s)
	p.line("<details><summary>All contenders: median ± spread (allocations per operation)</summary>\n")
	p.details(s)
	p.line("</details>\n")
}

// summary is a row for each cell: remuda, the best peer and what one writes by
// hand.
func (p *page) summary(s Scenario) {
	p.line("| | unit | remuda | allocs | best peer | ratio | by hand | ratio |\n|---|---|--:|--:|--:|--:|--:|--:|")
	for _, c := range s.Cells {
		own, _ := c.find(subject)
		peer, hasPeer := c.bestPeer()
		floor, hasFloor := c.find(c.Floor)
		p.line("| %s | %s | %s | %s | %s | %s | %s | %s |", c.Name, c.Unit, measured(own), allocations(own),
			named(peer, hasPeer), ratioOf(c.ratio(peer, hasPeer)), named(floor, hasFloor), ratioOf(c.ratio(floor, hasFloor)))
	}
	p.line("")
}

// losses says where remuda does worse than the best peer, and the remark on it.
func (p *page) losses(s Scenario) {
	var lost []string
	for _, c := range s.Cells {
		if n := c.ratio(c.bestPeer()); n > 1 {
			lost = append(lost, fmt.Sprintf("%s (%s)", c.Name, ratioOf(n)))
		}
	}
	if len(lost) > 0 {
		p.line("remuda does worse than the best peer in: %s.\n", strings.Join(lost, "; "))
	}
	for _, cell := range s.Cells {
		for _, name := range cell.Endless {
			p.line("%s did not end within a minute in: %s.\n", name, cell.Name)
		}
	}
	if note := notes[s.Name]; note != "" {
		p.line("%s\n", note)
	}
}

// details is a column for each contender.
func (p *page) details(s Scenario) {
	columns := contenders(s)
	p.line("| | %s |\n|---|%s", strings.Join(columns, " | "), strings.Repeat("--:|", len(columns)))
	for _, c := range s.Cells {
		row := make([]string, len(columns))
		for i, name := range columns {
			own, ok := c.find(name)
			row[i] = "–"
			if ok {
				row[i] = measured(own)
			}
			if ok && own.Allocs != nil {
				row[i] += " (" + allocations(own) + ")"
			}
		}
		p.line("| %s, %s | %s |", c.Name, c.Unit, strings.Join(row, " | "))
	}
	p.line("")
}

// contenders returns the names in all cells, in order of appearance.
func contenders(s Scenario) (names []string) {
	seen := map[string]bool{}
	for _, c := range s.Cells {
		for _, series := range c.Series {
			if !seen[series.Contender] {
				seen[series.Contender] = true
				names = append(names, series.Contender)
			}
		}
	}
	return names
}

func measured(s Series) string {
	if s.Contender == "" {
		return "–"
	}
	if s.Median == 0 {
		return "0"
	}
	return fmt.Sprintf("%s ±%.0f %%", number(s.Median), 100*s.spread())
}

func named(s Series, ok bool) string {
	if !ok {
		return "–"
	}
	return s.Contender + " " + number(s.Median)
}

func allocations(s Series) string {
	if s.Allocs == nil {
		return "–"
	}
	return strconv.FormatFloat(math.Round(*s.Allocs*100)/100, 'f', -1, 64)
}

func ratioOf(n float64) string {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return "–"
	case n > 1:
		return fmt.Sprintf("**%.2f**", n)
	default:
		return fmt.Sprintf("%.2f", n)
	}
}

// number is a value with three digits or so.
func number(n float64) string {
	switch a := math.Abs(n); {
	case math.IsNaN(n):
		return "–"
	case a >= 10_000:
		s := strconv.Itoa(int(math.Round(n)))
		return s[:len(s)-3] + "," + s[len(s)-3:]
	case a >= 100:
		return fmt.Sprintf("%.0f", n)
	case a >= 10:
		return fmt.Sprintf("%.1f", n)
	default:
		return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64)
	}
}
