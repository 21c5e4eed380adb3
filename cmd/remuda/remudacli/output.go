package remudacli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/remuda-go/remuda/tasks"
	"github.com/urfave/cli/v3"
	"golang.org/x/term"
)

// json writes a value in one line.
func (a *app) json(v any) error { return json.NewEncoder(a.std.Out).Encode(v) }

// value writes a value for a program, or text for people.
func (a *app) value(cmd *cli.Command, v any, text string) error {
	if cmd.Bool("json") {
		return a.json(v)
	}
	_, err := fmt.Fprintln(a.std.Out, text)
	return err
}

// output writes a result as it is. On a terminal, text ends with a newline, and what is
// no text is not written: it might steer the terminal.
func (a *app) output(out []byte) error {
	if isTerminal(a.std.Out) {
		if !isText(out) {
			return fmt.Errorf("the result is %s that are no text: send them to a file or a program", count(len(out), "byte", "bytes"))
		}
		if len(out) > 0 && out[len(out)-1] != '\n' {
			out = append(out, '\n')
		}
	}
	_, err := a.std.Out.Write(out)
	return err
}

func isText(out []byte) bool {
	return utf8.Valid(out) && !bytes.ContainsFunc(out, func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) })
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

const (
	peek    = 100 // rows that the widths are taken from
	longest = 100 // of a column, in letters, on a terminal
)

// A table aligns columns. The first rows are kept until it is known how wide they
// are.
type table struct {
	app    *app
	cut    bool // on a terminal, long columns are
	colour bool // on a terminal, unless NO_COLOR or TERM says otherwise
	rows   [][]string
	widths []int
	begun  bool
}

func (a *app) table(head ...string) *table {
	terminal := isTerminal(a.std.Out)
	return &table{
		app: a, cut: terminal, colour: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
		rows: [][]string{head}, widths: make([]int, len(head)),
	}
}

func (t *table) row(cells ...string) error {
	for i, c := range cells {
		cells[i] = plain(c)
		if t.cut && utf8.RuneCountInString(cells[i]) > longest {
			cells[i] = string([]rune(cells[i])[:longest-1]) + "…"
		}
	}
	if t.rows = append(t.rows, cells); t.begun || len(t.rows) > peek {
		return t.flush()
	}
	return nil
}

// flush writes what was kept. A head without rows is not worth writing.
func (t *table) flush() error {
	if !t.begun && len(t.rows) == 1 {
		return nil
	}
	for _, row := range t.rows {
		for i, c := range row {
			if !t.begun {
				t.widths[i] = max(t.widths[i], utf8.RuneCountInString(c))
			}
		}
	}
	t.begun = true
	for _, row := range t.rows {
		var b strings.Builder
		for i, c := range row {
			pad := max(0, t.widths[i]-utf8.RuneCountInString(c))
			b.WriteString(t.coloured(c))
			b.WriteString(strings.Repeat(" ", pad+2))
		}
		if _, err := fmt.Fprintln(t.app.std.Out, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	t.rows = t.rows[:0]
	return nil
}

func (t *table) coloured(cell string) string {
	if !t.colour {
		return cell
	}
	switch tasks.State(cell) {
	case tasks.Dead:
		return "\x1b[31m" + cell + "\x1b[0m"
	case tasks.Done:
		return "\x1b[32m" + cell + "\x1b[0m"
	case tasks.Retrying, tasks.Expired, tasks.Cancelled:
		return "\x1b[33m" + cell + "\x1b[0m"
	}
	return cell
}

// plain makes one line of text, without what would steer a terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return utf8.RuneError
		}
		return r
	}, text)
}

func ago(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return span(time.Since(t)) + " ago"
}

// span is a duration with one unit.
func span(d time.Duration) string {
	switch d = max(d, 0); {
	case d == 0:
		return ""
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}
