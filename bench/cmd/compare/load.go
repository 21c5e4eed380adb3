package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// load is how much of the processors has been used up to a moment, in ticks,
// where the system tells (as Linux does).
type load struct {
	total  float64 // idle or not
	busy   float64
	stolen float64 // by the hypervisor, for other machines
	own    float64 // by this program and its children
}

// loadNow reads the system's counters. It reports false if it has none.
func loadNow() (l load, ok bool) {
	// cpu user nice system idle iowait irq softirq steal
	all, ok := ticks("/proc/stat", "cpu ", 8)
	if !ok {
		return l, false
	}
	for _, n := range all {
		l.total += n
	}
	l.stolen = all[7]
	l.busy = l.total - all[3] - all[4] - l.stolen
	// pid (name) state, ten more, utime stime cutime cstime
	self, ok := ticks("/proc/self/stat", ") ", 15)
	if !ok {
		return l, false
	}
	for _, n := range self[11:] {
		l.own += n
	}
	return l, true
}

// ticks returns the first n fields after a mark in a file, which are numbers but
// for a letter.
func ticks(path, mark string, n int) (numbers []float64, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	_, rest, _ := strings.Cut(string(text), mark)
	fields := strings.Fields(rest)
	if len(fields) < n {
		return nil, false
	}
	for _, f := range fields[:n] {
		v, _ := strconv.ParseFloat(f, 64) // 0 for the letter
		numbers = append(numbers, v)
	}
	return numbers, true
}

// since says what else the machine did from then on: figures that were measured
// beside something else are worth less.
func (l load) since(then load) string {
	total := l.total - then.total
	if total <= 0 {
		return "for too short a time to tell what else it did"
	}
	others := (l.busy - then.busy) - (l.own - then.own)
	return fmt.Sprintf("meanwhile other programs used %.1f %% of the processors, and the hypervisor took %.1f %%",
		100*max(others, 0)/total, 100*(l.stolen-then.stolen)/total)
}
