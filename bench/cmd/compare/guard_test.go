package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/bench/contender"
	"github.com/remuda-go/remuda/bench/scenario"
)

func TestGuard(t *testing.T) {
	const endless = -1
	broken := errors.New("an input was lost")
	tests := map[string]struct {
		own  func(round int) float64
		hand func(round int) float64
		want string
	}{
		"level":                   {always(100), always(90), ""},
		"nine times":              {always(900), always(100), ""},
		"eleven times":            {always(1100), always(100), "takes more than 10 times"},
		"two slow rounds of five": {func(i int) float64 { return []float64{1e6, 100, 100, 1e6, 100}[i%5] }, always(100), ""},
		"slow at the first try":   {func(i int) float64 { return 1e6 / float64(1+i/5*1000) }, always(100), ""},
		"it does not end":         {always(endless), always(100), "takes more than 10 times"},
		"one round does not end":  {func(i int) float64 { return float64(min(i, 1)*101 - 1) }, always(100), ""},
		"by hand does not end":    {always(100), always(endless), "by hand: it has not ended in time"},
		"it fails":                {always(0), always(100), "an input was lost"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ran := map[string]int{}
			g := guarding{
				scenario.Case{
					Cells: []scenario.Cell{{Name: "other"}, {Name: "p50", Guarded: true}},
					Floor: "by hand",
				},
				func(contender string) ([]scenario.Sample, error) {
					f := tt.hand
					if contender == guardSubject {
						f = tt.own
					}
					v := f(ran[contender])
					ran[contender]++
					switch v {
					case endless:
						return nil, errPatience
					case 0:
						return nil, broken
					}
					return []scenario.Sample{{Value: 1}, {Value: v}}, nil
				},
			}
			var out strings.Builder
			err := g.guard(&out, "loaded")
			if tt.want == "" {
				require.NoError(t, err)
				assert.Contains(t, out.String(), "loaded: p50")
				return
			}
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func always(v float64) func(int) float64 { return func(int) float64 { return v } }

// What the guard looks at must have both of what it compares.
func TestGuardedCases(t *testing.T) {
	guarded := map[string]int{}
	for _, s := range scenario.All(contender.All()) {
		for i, c := range s.Cases {
			for _, cell := range c.Cells {
				if !cell.Guarded {
					continue
				}
				guarded[s.Name]++
				for _, name := range []string{guardSubject, c.Floor} {
					_, err := findEntry(s.Name, i, name)
					assert.NoError(t, err)
				}
			}
		}
	}
	assert.Equal(t, map[string]int{"loaded-do": 3, "http": 1, "loaded-send": 2, "loaded-herd": 1, "loaded-map": 1, "saturated": 1}, guarded)
}
