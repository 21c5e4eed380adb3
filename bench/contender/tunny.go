package contender

import (
	"context"

	"github.com/Jeffail/tunny"

	"github.com/remuda-go/remuda/bench/scenario"
)

// tunnyPool is tunny, which has round trips and nothing else. It does not take
// part in resizing, since its SetSize waits for the jobs of the workers that go.
type tunnyPool struct{ scenario.Identity }

func newTunny() tunnyPool { return tunnyPool{peer("tunny")} }

type tunnyDoer struct{ *tunny.Pool }

func (tunnyPool) Doer(workers, _ int, job func(in int) int) scenario.Doer {
	return tunnyDoer{tunny.NewFunc(workers, func(in any) any { return job(in.(int)) })}
}

func (d tunnyDoer) Do(ctx context.Context, _, in int) int {
	if ctx.Done() == nil {
		return d.Process(in).(int)
	}
	out, err := d.ProcessCtx(ctx, in)
	must(err)
	return out.(int)
}
