package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Expand returns the headers with what their values name as $NAME or ${NAME}, taken from
// look; $$ is a dollar. A variable that is empty or not there is an error: what it stands
// for is a secret, as a rule, and without it the call would be another one.
func (h *HTTP) Expand(look func(name string) string) (map[string]string, error) {
	headers := make(map[string]string, len(h.Headers))
	for _, header := range sorted(h.Headers) {
		var missing []string
		value := os.Expand(h.Headers[header], func(name string) string {
			if name == "$" {
				return "$"
			}
			value := look(name)
			if value == "" {
				missing = append(missing, name)
			}
			return value
		})
		switch {
		case len(missing) > 0:
			return nil, fmt.Errorf("header %s: the variable %s is empty or not there", header, strings.Join(missing, ", "))
		case strings.ContainsFunc(value, isControl):
			return nil, fmt.Errorf("header %s: the value has a control character, such as the end of a line", header)
		}
		headers[header] = value
	}
	return headers, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// Variables are the names that the values of the headers have, in order.
func (h *HTTP) Variables() (names []string) {
	for _, value := range h.Headers {
		os.Expand(value, func(name string) string {
			if name != "$" {
				names = append(names, name)
			}
			return ""
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}
