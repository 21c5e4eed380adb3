package scenario_test

import (
	"context"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/remuda-go/remuda/bench/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// faulty runs each input as often as times says.
type faulty struct {
	scenario.Identity
	times func(in int) int
}

type faultySender struct {
	running sync.WaitGroup
	run     func(in int)
}

func (f faulty) Sender(_ int, job func(in int)) scenario.Sender {
	return &faultySender{run: func(in int) {
		for range f.times(in) {
			job(in)
		}
	}}
}

func (s *faultySender) Send(in int) { s.running.Go(func() { s.run(in) }) }
func (s *faultySender) Close()      { s.running.Wait() }

func TestContendersThatLoseOrRepeatInputsFail(t *testing.T) {
	tests := map[string]struct {
		times func(in int) int
		want  string
	}{
		"none lost":     {func(int) int { return 1 }, ""},
		"the last lost": {func(in int) int { return min(1, 99-in) }, "input 99 of 100 ran 0 times"},
		"one run twice": {func(in int) int { return 1 + max(0, in-98) }, "input 99 of 100 ran 2 times"},
		"all inputs lost": {func(in int) int {
			if in < 0 {
				return 1 // the warm-up
			}
			return 0
		}, "input 0 of 100 ran 0 times"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := faulty{scenario.Identity{Called: "faulty", Is: scenario.Peer}, tt.times}
			load := scenario.Load{Name: "no-op"}
			s := scenario.Send("send", []scenario.Contender{f}, scenario.Calibrate(), load)
			_, err := s.Cases[0].Entries[0].Run(100)
			if tt.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, tt.want)
			}
		})
	}
}

// mute has all that has outputs, and answers nonsense.
type mute struct{ scenario.Identity }

func (mute) Doer(_, _ int, _ func(in int) int) scenario.Doer { return muteDoer{} }

func (mute) Map(_ int, in []int, _ func(in int) int, yield func(out int)) {
	for range in {
		yield(0)
	}
}

func (mute) Stream(_ int, in []int, job func(in int) int, yield func(out int)) {
	for _, v := range in[1:] {
		yield(job(v))
	}
}

func (m mute) MapSeq(workers int, in iter.Seq[int], job func(in int) int, yield func(out int)) {
	m.Map(workers, slices.Collect(in), job, yield)
}

func (mute) DoAll(_ int, in []int, _ func(in int) int) []int { return make([]int, len(in)) }

func (mute) Herd(_ int, in []int, job func(in int) int, yield func(out int)) {
	for range in {
		yield(job(in[0]))
	}
}

type muteDoer struct{}

func (muteDoer) Do(_ context.Context, _, _ int) int { return 0 }
func (muteDoer) Close()                             {}

func TestContendersThatAnswerWronglyFail(t *testing.T) {
	m := []scenario.Contender{mute{scenario.Identity{Called: "mute", Is: scenario.Peer}}}
	spin := scenario.Calibrate()
	for _, s := range []scenario.Scenario{
		scenario.LoadedDo(m, spin), scenario.HTTP(m, spin), scenario.LoadedHerd(m, spin), scenario.LoadedMap(m, spin), scenario.Saturated(m, spin),
		scenario.MixedMap(m), scenario.MixedStream(m), scenario.Source(m, spin),
		scenario.Do(m), scenario.Map(m, spin), scenario.Stream(m, spin), scenario.DoAll(m), scenario.Herd(m),
	} {
		t.Run(s.Name, func(t *testing.T) {
			for _, c := range s.Cases {
				require.Len(t, c.Entries, 1)
				_, err := c.Entries[0].Run(min(100, c.QuickOps))
				assert.Error(t, err, c.Cells[0].Name)
			}
		})
	}
}

func TestSpinTakesLongerForMore(t *testing.T) {
	assert.Positive(t, scenario.Calibrate())
}
