package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// A Duration is written as in 90s or 1h30m.
type Duration time.Duration

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(n ast.Node) error {
	v, err := time.ParseDuration(scalar(n))
	if err != nil || v <= 0 {
		return &valueError{n, "a positive duration, such as 90s or 1h30m"}
	}
	*d = Duration(v)
	return nil
}

// MarshalYAML writes it as it is read.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// JSONSchema describes it.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^([0-9.]+(ns|us|µs|ms|s|m|h))+$`}
}

// A Size is a number of bytes, written as in 512KB or 10GB; the units are powers of
// 1000, or of 1024 with an i as in MiB.
type Size int64

var units = []struct {
	name string
	size int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// UnmarshalYAML reads a size.
func (s *Size) UnmarshalYAML(n ast.Node) error {
	v, err := parseSize(scalar(n))
	if err != nil {
		return &valueError{n, "a size, such as 512KB, 10GB or 64MiB"}
	}
	*s = Size(v)
	return nil
}

func parseSize(text string) (int64, error) {
	unit := int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			text, unit = strings.TrimSpace(rest), u.size
			break
		}
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v <= 0 || v > math.MaxInt64/unit {
		return 0, errors.New("not a size")
	}
	return v * unit, nil
}

// MarshalYAML writes it as it is read.
func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

func (s Size) String() string {
	best := ""
	for _, u := range units {
		if s == 0 || int64(s)%u.size != 0 {
			continue
		}
		if text := strconv.FormatInt(int64(s)/u.size, 10) + u.name; best == "" || len(text) < len(best) {
			best = text
		}
	}
	return best
}

// JSONSchema describes it.
func (Size) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string", Pattern: `^[0-9]+ ?([KMGT]i?)?B?$`},
		{Type: "integer", Minimum: "1"},
	}}
}

func scalar(n ast.Node) string {
	if s, ok := n.(ast.ScalarNode); ok {
		return fmt.Sprint(s.GetValue())
	}
	return ""
}

// A valueError is a value that its own type refuses.
type valueError struct {
	node ast.Node
	want string
}

func (e *valueError) Error() string { return "want " + e.want }
