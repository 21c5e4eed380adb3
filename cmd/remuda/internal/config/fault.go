package config

import (
	"fmt"
	"strings"
)

// A Fault is one thing that is wrong in a config file.
type Fault struct {
	File         string
	Line, Column int    // from 1; 0 if it is not in the file
	Key          string // such as kinds.thumb.timeout
	Text         string // what is wrong and what would be right
}

func (f Fault) Error() string {
	s := f.File
	if f.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
	if f.Key != "" {
		s += ": " + f.Key
	}
	return s + ": " + f.Text
}

// Faults are all that is wrong in a config file.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}
