package api

import (
	"maps"
	"slices"
)

// Patterns are those of all routes.
func Patterns() []string { return slices.Sorted(maps.Keys((&api{}).routes())) }

// Document is what is served.
func Document() []byte { return document }
