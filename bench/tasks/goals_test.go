package main

import "testing"

// Each goal says whether it is reached, and does not say so where a figure is missing.
func TestGoals(t *testing.T) {
	rows := map[string]row{fewWaiting: {ours: 100, "asynq": 40, "goqite": 50, floorName: 1000}}
	for _, c := range []struct {
		g    goal
		here row
		want string
	}{
		{best(1), rows[fewWaiting], "≥ 1 × the best peer, goqite, **reached**: 2.00 ×"},
		{best(3), rows[fewWaiting], "≥ 3 × the best peer, goqite, not reached: 2.00 ×"},
		{of("asynq", 0.5, 3), rows[fewWaiting], "≥ 0.5 × asynq **reached**, ≥ 3 × asynq not reached: 2.50 ×"},
		{of("river", 1), rows[fewWaiting], "not to be told"},
		{ofRow(fewWaiting, 0.95), row{ours: 95}, "≥ 0.95 × few waiting **reached**: 0.95 ×"},
		{ofRow("no such", 0.95), row{ours: 95}, "not to be told"},
		{atMost(2), row{ours: 2.5}, "≤ 2 not reached: 2.50"},
		{atMost(2), row{"asynq": 2.5}, "–"},
		{nil, row{ours: 1}, "–"},
	} {
		rows["here"] = c.here
		if got := verdict(cell{name: "here", goal: c.g}, rows, true); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := verdict(cell{name: "here", goal: atMost(2), loose: best(1)}, map[string]row{"here": {ours: 1}}, false); got != "not to be told" {
		t.Error(got)
	}
}
