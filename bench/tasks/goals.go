package main

import (
	"fmt"
	"strings"
)

// A row is the medians of one cell, by system.
type row map[string]float64

// A goal judges our figure of a row. It says what is wanted and what there is; the empty
// string if that can't be told, since something was not measured.
type goal func(rows map[string]row, here row) string

// fewWaiting is the row that ofRow compares with.
const fewWaiting = "tasks/s, 8 workers"

func verdict(c cell, rows map[string]row, strict bool) string {
	g := c.goal
	if !strict {
		g = c.loose
	}
	here := rows[c.name]
	if _, ok := here[ours]; g == nil || !ok {
		return "–"
	}
	if text := g(rows, here); text != "" {
		return text
	}
	return "not to be told"
}

// ratio says how many times our figure is what it is measured by.
func ratio(what string, have, base float64, wants ...float64) string {
	if base == 0 {
		return ""
	}
	var said []string
	for _, want := range wants {
		said = append(said, fmt.Sprintf("≥ %g × %s %s", want, what, reached(have/base >= want)))
	}
	return fmt.Sprintf("%s: %.2f ×", strings.Join(said, ", "), have/base)
}

func reached(yes bool) string {
	if yes {
		return "**reached**"
	}
	return "not reached"
}

// best wants so many times what the best peer has.
func best(want float64) goal {
	return func(_ map[string]row, here row) string {
		name, most := "", 0.0
		for peer, v := range here {
			if peer != ours && peer != floorName && v > most {
				name, most = peer, v
			}
		}
		return ratio("the best peer, "+name+",", here[ours], most, want)
	}
}

// of wants so many times what one peer has; more than one such number are steps.
func of(peer string, wants ...float64) goal {
	return func(_ map[string]row, here row) string { return ratio(peer, here[ours], here[peer], wants...) }
}

// ofRow wants so many times what we have in another row.
func ofRow(name string, want float64) goal {
	return func(rows map[string]row, here row) string {
		return ratio("few waiting", here[ours], rows[name][ours], want)
	}
}

// atMost wants no more than so much.
func atMost(want float64) goal {
	return func(_ map[string]row, here row) string {
		return fmt.Sprintf("≤ %g %s: %.2f", want, reached(here[ours] <= want), here[ours])
	}
}
