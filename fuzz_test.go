package remuda_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remuda-go/remuda"
)

// FuzzPool makes a script of operations out of bytes and holds the pool against
// the ledger. The script runs in a bubble: what hangs is a deadlock there, and
// is found at once.
func FuzzPool(f *testing.F) {
	for _, seed := range scripts {
		f.Add([]byte(seed))
	}
	for i := range 128 {
		seed := make([]byte, 300)
		_, _ = rand.NewChaCha8([32]byte{byte(i)}).Read(seed)
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 600 {
			return // no better than two shorter ones
		}
		synctest.Test(t, func(t *testing.T) { (&play{t: t, script: data}).run() })
	})
}

// FuzzBatches is FuzzPool with a pool whose workers take many inputs at once. The first
// two bytes of a script say how many, and how long they wait for more.
func FuzzBatches(f *testing.F) {
	for i, seed := range scripts {
		f.Add([]byte("\x02\x01" + seed))
		f.Add([]byte(string(byte(i)) + "\x00" + seed))
	}
	for i := range 128 {
		seed := make([]byte, 300)
		_, _ = rand.NewChaCha8([32]byte{byte(i), 1}).Read(seed)
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 600 {
			return
		}
		synctest.Test(t, func(t *testing.T) { (&play{t: t, script: data, batches: true}).run() })
	})
}

// A play runs one script.
type play struct {
	t       *testing.T
	script  []byte
	batches bool
	keyed   bool
	size    int // of a batch at most; 1 if there are none

	rig
	ctxs     [4]context.Context
	cancels  [4]context.CancelFunc
	calls    atomic.Int64 // under way
	hooks    atomic.Int64 // functions that wait for the end of a context
	start    func() error
	closings atomic.Int64 // calls of Close that returned no ErrPoolClosed
	gaveUp   atomic.Bool  // one of them has cancelled all
	built    atomic.Int64 // jobs that are not closed
	bound    int          // of the queue; 0 for none
	most     int          // active runs at the last check
}

// next takes a number below n from the script; 0 when it has come to its end.
func (p *play) next(n int) int {
	if len(p.script) == 0 {
		return 0
	}
	b := p.script[0]
	p.script = p.script[1:]
	return int(b) % n
}

func (p *play) run() {
	p.setUp()
	for len(p.script) > 0 {
		p.step()
	}
	for _, cancel := range p.cancels[:2] { // the others last
		cancel()
	}
	p.check()
	p.closePool(time.Duration(p.next(3)) * time.Minute)
	<-p.pool.Done()
	p.wg.Wait()
	for _, fault := range p.ledger.close(p.pool.Stats()) {
		p.t.Error(fault)
	}
	synctest.Wait()
	p.checkHooks()
	for _, cancel := range p.cancels[2:] {
		cancel()
	}
	if n := p.built.Load(); n != 0 {
		p.t.Errorf("%d built jobs are not closed", n)
	}
	if n := p.closings.Load(); n > 1 {
		p.t.Errorf("%d calls of Close were the first", n)
	}
}

// setUp makes the pool, which is yet to be started.
func (p *play) setUp() {
	p.nap = func(ctx context.Context, n int) {
		select {
		case <-time.After(time.Duration(n) * time.Second):
		case <-ctx.Done():
		}
	}
	for i := range p.ctxs {
		p.renew(i)
	}
	p.size = 1
	var wait time.Duration
	if p.batches {
		p.size = 1 + p.next(6)
		wait = []time.Duration{0, time.Second, 10 * time.Second}[p.next(3)]
	}
	flags := p.next(256)
	cfg := remuda.Config{
		Name:         "fuzz",
		Queue:        []int{remuda.Unbuffered, 1, 2, 3, 4, 0}[p.next(6)],
		StopOnErrors: flags&1 != 0 && flags&2 != 0,
		Inline:       flags&4 != 0,
	}
	if flags&32 != 0 && flags&64 != 0 {
		cfg.IdleTimeout = 3 * time.Second
	}
	if size := p.next(5); size == 0 {
		cfg.Paused = true
	} else {
		cfg.Initial = size
		cfg.Min = min(size, p.next(4)/3)
		cfg.Max = p.next(3) / 2 * 4
	}
	var mws []remuda.Middleware
	if flags&8 != 0 && !p.batches {
		mws = append(mws, p.middleware())
	}
	if flags&128 != 0 {
		mws = append(mws, timekeeper{})
	}
	if p.bound = max(0, cfg.Queue); cfg.Queue == 0 {
		p.bound = remuda.DefaultQueue
	}
	if p.batches {
		p.bound = max(p.bound, p.size)
	}
	pool, err := p.make(cfg, wait, mws)
	if err != nil {
		p.t.Fatal(err)
	}
	p.pool = pool
	pool.OnDrop(func(t task, err error) {
		t.entry.dropped.Add(1)
		if !errors.Is(err, remuda.ErrPoolClosed) {
			p.ledger.fault("dropped with %v", err)
		}
	})
	p.start = func() error { return pool.Start(&p.rig) }
	if flags&16 != 0 && !p.batches {
		p.start = func() error { return pool.StartWithBuilder(p) }
	}
	if flags&(32|64) != 0 { // else the script may
		_ = p.start()
	}
}

func (p *play) make(cfg remuda.Config, wait time.Duration, mws []remuda.Middleware) (*remuda.Pool[task, *entry], error) {
	if p.batches {
		return remuda.StartBatchesWithConfig(cfg, p.size, wait, p.doBatch, mws...)
	}
	if p.keyed {
		p.keys = newKeyLedger(&p.ledger)
		return remuda.StartKeyedWithConfig(cfg, keyOf, p.rig.Do, mws...)
	}
	return remuda.NewWithConfig[task, *entry](cfg, mws...)
}

// New makes a job that must not be used by two runs at a time, nor after it was
// closed. Every eighth time it panics.
func (p *play) New() remuda.Job[task, *entry] {
	if p.wrapped && rand.IntN(8) == 0 {
		// The middleware has begun the run already.
		p.ledger.unbuilt.Add(1)
		panic("no job")
	}
	p.built.Add(1)
	return &ownJob{play: p}
}

type ownJob struct {
	play         *play
	busy, closed atomic.Bool
}

func (j *ownJob) Do(ctx context.Context, t task) (*entry, error) {
	if j.busy.Swap(true) || j.closed.Load() {
		j.play.ledger.fault("a built job is used twice, or after Close")
	}
	defer j.busy.Store(false)
	return j.play.rig.Do(ctx, t)
}

func (j *ownJob) Close() error {
	if j.busy.Load() || j.closed.Swap(true) {
		j.play.ledger.fault("a built job is closed in use, or twice")
	}
	j.play.built.Add(-1)
	return nil
}

// timekeeper is a middleware that wants to know how long inputs were queued.
type timekeeper struct{}

func (timekeeper) WantsQueueTime() bool { return true }

func (timekeeper) Wrap(next remuda.Handler) remuda.Handler { return next }

// renew makes the context i.
func (p *play) renew(i int) {
	ctx, cancel := context.WithCancel(bg)
	p.ctxs[i], p.cancels[i] = watched{ctx, &p.hooks}, cancel
}

// A watched context counts the functions that wait for its end.
type watched struct {
	context.Context
	hooks *atomic.Int64
}

// AfterFunc is what package context calls.
func (w watched) AfterFunc(f func()) (stop func() bool) {
	w.hooks.Add(1)
	unhook := context.AfterFunc(w.Context, func() {
		w.hooks.Add(-1)
		f()
	})
	return func() bool {
		first := unhook()
		if first {
			w.hooks.Add(-1)
		}
		return first
	}
}

// Value hides the key by which package context would find the context inside.
func (w watched) Value(key any) any {
	if _, ok := key.(*int); ok {
		return nil
	}
	return w.Context.Value(key)
}

// ctx chooses a context; done is to be called when it is not needed any more.
func (p *play) ctx() (ctx context.Context, done func()) {
	switch n := p.next(8); n {
	case 0, 1, 2, 3:
		return p.ctxs[n], func() {}
	case 4, 5:
		ctx, done := context.WithTimeout(p.ctxs[p.next(4)], time.Duration(p.next(5))*time.Second)
		return ctx, done
	case 6:
		return context.WithValue(bg, p, p), func() {}
	default:
		return bg, func() {}
	}
}

func (p *play) task() task {
	return task{kind: taskKind(p.next(int(taskKinds))), n: p.next(8), sub: taskKind(p.next(int(taskKinds)))}
}

// tasks makes the inputs of a loop: runs of the same kind of task.
func (p *play) tasks() (tasks []task) {
	for range p.next(4) {
		t := p.task()
		for range p.next(100) {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// Operations that came when the others had their numbers, which scripts rely on.
const (
	opTrySubmit = 16 + iota
	opWait
	opStop
	opGroup
	ops
)

// op takes the number of an operation.
func (p *play) op() int {
	if len(p.script) > 0 && p.script[0] >= 0xe0 {
		return 16 + p.next(256)%(ops-16)
	}
	return p.next(16)
}

// step takes one operation.
func (p *play) step() {
	ctx, done := bg, func() {}
	async := func(f func()) {
		p.calls.Add(1)
		p.wg.Go(func() {
			defer p.calls.Add(-1)
			defer done()
			f()
		})
	}
	switch p.op() {
	case opTrySubmit:
		ctx, done = p.ctx()
		t, patience := p.task(), p.ctxs[p.next(4)]
		async(func() { _ = p.trySubmit(ctx, t, patience) })
	case opWait:
		ctx, done = p.ctx()
		async(func() { p.waitForAll(ctx) })
	case opStop:
		if p.next(3) == 0 {
			timeout := time.Duration(p.next(4)) * time.Second
			async(func() { p.endPool(p.pool.Stop, timeout) })
		}
	case opGroup:
		ctx, done = p.ctx()
		tasks := p.tasks()
		async(func() { p.group(ctx, tasks) })
	case 0, 1:
		ctx, done = p.ctx()
		t := p.task()
		async(func() { _ = p.send(ctx, t) })
	case 2:
		_ = p.trySend(p.task())
	case 3:
		ctx, done = p.ctx()
		t, patience := p.task(), p.ctxs[p.next(4)]
		async(func() { _ = p.submit(ctx, t, patience) })
	case 4, 5:
		ctx, done = p.ctx()
		t := p.task()
		async(func() { _ = p.do(ctx, t) })
	case 6:
		ctx, done = p.ctx()
		way, leaveAfter, tasks := p.next(3), p.next(200), p.tasks()
		async(func() { p.loop(ctx, way, tasks, leaveAfter) })
	case 7:
		_ = p.resize(p.next(20))
	case 8:
		i := p.next(4)
		p.cancels[i]()
		p.renew(i)
	case 9:
		time.Sleep(time.Duration(p.next(16)) * time.Second / 2)
	case 10:
		p.noteStart(p.start())
	case 11:
		if p.next(3) == 0 { // else most scripts would be short
			timeout := time.Duration(p.next(4)) * time.Second
			async(func() { p.closePool(timeout) })
		}
	case 12: // a crowd
		t := p.task()
		for range p.next(24) {
			async(func() { _ = p.send(bg, t) })
		}
	case 13:
		runtime.Gosched()
	case 14:
		if p.next(4) == 0 {
			ctx = p.ctxs[p.next(4)]
			p.wg.Go(func() { p.noteStart(p.pool.Run(ctx, &p.rig)) })
		}
	default:
		p.check()
	}
}

func (p *play) noteStart(err error) {
	switch {
	case err == nil, errors.Is(err, remuda.ErrPoolStarted), errors.Is(err, remuda.ErrPoolClosed), errors.Is(err, errWork):
	case errors.As(err, new(*remuda.PanicError)), errors.Is(err, remuda.ErrGoexit), errors.As(err, new(*failure)):
	default:
		p.t.Errorf("Start or Run: %v", err)
	}
}

// closePool closes the pool; 0 is no timeout.
func (p *play) closePool(timeout time.Duration) { p.endPool(p.pool.Close, timeout) }

func (p *play) endPool(end func(context.Context) error, timeout time.Duration) {
	ctx, cancel := bg, func() {}
	if timeout > 0 {
		ctx, cancel = context.WithTimeout(bg, timeout)
	}
	defer cancel()
	err := end(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		p.gaveUp.Store(true)
	}
	if !errors.Is(err, remuda.ErrPoolClosed) {
		p.closings.Add(1)
	}
	if err != nil && !errors.Is(err, remuda.ErrPoolClosed) && !errors.Is(err, context.DeadlineExceeded) {
		p.t.Errorf("Close: %v", err)
	}
}

// check waits until everything stands still, and compares what the pool says of
// itself with the ledger.
func (p *play) check() {
	synctest.Wait()
	s := p.pool.Stats()
	active, lent := int(p.ledger.active.Load()), int(p.ledger.lent.Load())
	waiting, blocked := p.ledger.waiting(), p.ledger.blocked()
	closing := errors.Is(p.pool.Resize(s.Workers), remuda.ErrPoolClosed)

	sum := uint64(s.Queued+s.Running+s.Yielded) + s.Succeeded + s.Failed + s.Dropped
	if s.Accepted != sum || min(s.Workers, s.Queued, s.Running, s.Yielded, s.Retired) < 0 || s.Panicked > s.Failed {
		p.t.Errorf("does not balance: %+v", s)
	}
	if p.batches && p.gaveUp.Load() { // a run that goes on without its slot counts as yielded
		if s.Running+s.Yielded != active+lent {
			p.t.Errorf("%d runs are active and %d wait: %+v", active, lent, s)
		}
	} else if s.Running != active || s.Yielded != lent {
		p.t.Errorf("%d runs are active and %d wait: %+v", active, lent, s)
	}
	isFree := active < s.Workers
	if p.batches {
		isFree = int(p.runs.Load()) < s.Workers // at least: some of them may have given up their slot
	}
	if free := p.ledger.waitingBut(p.keys.busyKeys()); isFree && free >= p.size {
		p.t.Errorf("%d inputs wait, and a worker is free: %+v", free, s)
	}
	if isFree && blocked > 0 && p.keys == nil || s.Workers > 0 && p.bound > 0 && s.Queued <= p.bound/4 && blocked > 0 {
		p.t.Errorf("%d senders wait, and there is room: %+v", blocked, s)
	}
	if closing && (active == 0 && waiting > 0 || blocked > 0) {
		p.t.Errorf("the pool is closing, %d inputs and %d senders wait, and nobody is at work: %+v", waiting, blocked, s)
	}
	if peak := int(p.ledger.peak.Load()); peak > max(p.most, s.Workers*p.size, p.size) && !closing && !p.resized.Load() {
		p.t.Errorf("%d runs were active, before there were %d: %+v", peak, p.most, s)
	}
	if p.calls.Load() == 0 && s.Queued+s.Running+s.Yielded == 0 {
		p.checkHooks()
	}
	p.most = active
	p.ledger.peak.Store(int64(active))
	p.resized.Store(false)
}

// checkHooks says whether something was left in a context, which would stay there
// for as long as that lasts.
func (p *play) checkHooks() {
	if n := p.hooks.Load(); n != 0 {
		p.t.Errorf("%d functions wait for the end of a context", n)
	}
}

// scripts are seeds that do something in particular: pools of one worker and the
// default queue, unless they say otherwise.
var scripts = []string{
	// A loop that is left when a worker has given back slow inputs of a fast
	// batch, and has gone to run what was sent.
	"\x20\x05\x01\x00\x00" +
		"\x06\x07\x00\x69\x02\x00\x00\x00\x63\x01\x01\x00\x63\x0f\x02\x01\x07\x00" + "\x09\x0f\x0f\x09\x0f\x0f\x09\x0f\x0f\x09\x0f\x0f",
	// Runs that call their pool, and want their place back while others run.
	"\x20\x05\x01\x00\x00" +
		"\x02\x09\x02\x01\x02\x0a\x04\x01\x02\x01\x05\x00\x02\x01\x03\x00\x0f" + "\x09\x06\x0f\x09\x06\x0f\x09\x06\x0f\x09\x06\x0f",
	// The same on the goroutines of their callers, with workers that come and go.
	"\x24\x05\x02\x00\x00" +
		"\x04\x07\x09\x02\x01\x04\x07\x0a\x04\x01\x0d\x02\x01\x05\x00\x07\x01\x0f\x09\x06\x07\x00\x0f\x09\x06\x0f",
	// Workers that leave when they have just been called.
	"\x20\x05\x04\x00\x00" +
		"\x02\x01\x07\x00\x02\x01\x07\x00\x02\x01\x07\x00\x02\x01\x07\x00\x07\x06\x0f\x07\x12\x0f\x09\x06",
	// A group of naps of which one fails while others are queued, a call of Wait, and
	// Stop while inputs are queued and runs under way.
	"\x60\x05\x02\x00\x00" +
		"\xe3\x07\x02\x01\x04\x00\x05\x04\x00\x00\x03" + "\xe1\x07" + "\x09\x02\x0f" + "\xe0\x07\x01\x06\x00\x00" +
		"\x0c\x01\x04\x00\x14\x0f" + "\x09\x01\xe1\x07\xe2\x00\x02\x0f\x09\x0f",
	// Runs whose contexts are asked for their end, and outlive them.
	"\x20\x05\x02\x00\x00" +
		"\x03\x02\x01\x03\x00\x03\x04\x03\x01\x01\x00\x03\x02\x01\x05\x00\x03\x0f\x09\x0f\x0f",
}
