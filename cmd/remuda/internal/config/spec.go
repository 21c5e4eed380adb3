package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var shorthands = []string{"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}

// Spec makes of a spec as people write it, with five or six fields, the one that
// the store reads, with six.
func Spec(text string) (string, error) {
	text = strings.TrimSpace(text)
	if every, ok := strings.CutPrefix(text, "@every "); ok {
		if d, err := time.ParseDuration(strings.TrimSpace(every)); err != nil || d < time.Second {
			return "", fmt.Errorf("%q: want @every and a duration of at least a second", text)
		}
		return text, nil
	}
	if slices.Contains(shorthands, text) {
		return text, nil
	}
	fields := strings.Fields(text)
	if len(fields) == 5 {
		fields = append([]string{"0"}, fields...)
	}
	if len(fields) != 6 {
		return "", fmt.Errorf("%q is no spec: want five fields as in \"0 3 * * *\", six with seconds before them, @daily, or @every 90s", text)
	}
	bounds := []struct {
		name      string
		low, high int
		words     []string
	}{
		{"seconds", 0, 59, nil}, {"minutes", 0, 59, nil}, {"hours", 0, 23, nil}, {"days of the month", 1, 31, nil},
		{"months", 1, 12, months}, {"days of the week", 0, 6, days},
	}
	for i, b := range bounds {
		if err := checkField(fields[i], b.low, b.high, b.words); err != nil {
			return "", fmt.Errorf("%q: %s: %w", text, b.name, err)
		}
	}
	return strings.Join(fields, " "), nil
}

var (
	months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	days   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// checkField checks a list of numbers, ranges and steps.
func checkField(field string, low, high int, words []string) error {
	for part := range strings.SplitSeq(field, ",") {
		span, step, stepped := strings.Cut(part, "/")
		if stepped {
			if _, err := number(step, 1, high+1, nil); err != nil {
				return err
			}
		}
		if span == "*" || span == "?" {
			continue
		}
		from, to, ranged := strings.Cut(span, "-")
		a, err := number(from, low, high, words)
		if err != nil {
			return err
		}
		if !ranged {
			continue
		}
		if b, err := number(to, low, high, words); err != nil || b < a {
			return fmt.Errorf("%q is no range", span)
		}
	}
	return nil
}

func number(text string, low, high int, words []string) (int, error) {
	if i := slices.Index(words, strings.ToLower(text)); i >= 0 {
		return low + i, nil
	}
	n := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > high {
			return 0, fmt.Errorf("%q: want %d to %d", text, low, high)
		}
		n = n*10 + int(c-'0')
	}
	if text == "" || n < low || n > high {
		return 0, fmt.Errorf("%q: want %d to %d", text, low, high)
	}
	return n, nil
}
