package contender

import (
	"context"
	"strconv"
	"sync"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/bench/scenario"
)

// KeyedSender starts a keyed pool.
func (r remudaPool) KeyedSender(workers int, key func(in int) int, job func(in int)) scenario.Sender {
	p, err := remuda.StartKeyedWithConfig(remuda.Config{Initial: workers, Queue: scenario.QueueSize}, key, func(_ context.Context, in int) (v remuda.Void, err error) {
		job(in)
		return v, nil
	})
	must(err)
	return remudaSender[int]{p}
}

// KeyedSender distributes the inputs by their keys, which are strings.
func (g goPkgz) KeyedSender(workers int, key func(in int) int, job func(in int)) scenario.Sender {
	return startPkgz(newPkgz(workers, job).WithWorkerChanSize(scenario.QueueSize).WithChunkFn(func(in int) string { return strconv.Itoa(key(in)) }))
}

// channelByKey is what one writes by hand: a channel and a goroutine for each key of
// which there are inputs, and no more of them at work than there are workers.
type channelByKey struct{ scenario.Identity }

func newChannelByKey() channelByKey { return channelByKey{floor("channel by key")} }

type keyedChannels struct {
	key   func(in int) int
	job   func(in int)
	slots chan struct{}
	all   sync.WaitGroup

	mu   sync.Mutex
	keys map[int]*keyedChannel // guarded by mu
}

type keyedChannel struct {
	inputs chan int
	left   int // inputs that have not run; guarded by mu
}

func (channelByKey) KeyedSender(workers int, key func(in int) int, job func(in int)) scenario.Sender {
	return &keyedChannels{key: key, job: job, slots: make(chan struct{}, workers), keys: make(map[int]*keyedChannel)}
}

// keyBuffer is how many inputs of a key wait before the sender does.
const keyBuffer = 16

func (s *keyedChannels) Send(in int) {
	key := s.key(in)
	s.mu.Lock()
	k := s.keys[key]
	if k == nil {
		k = &keyedChannel{inputs: make(chan int, keyBuffer)}
		s.keys[key] = k
		s.all.Go(func() { s.serve(key, k) })
	}
	k.left++
	s.mu.Unlock()
	k.inputs <- in
}

// serve runs the inputs of a key until there are none.
func (s *keyedChannels) serve(key int, k *keyedChannel) {
	for left := 1; left > 0; {
		in := <-k.inputs
		s.slots <- struct{}{}
		s.job(in)
		<-s.slots
		s.mu.Lock()
		k.left--
		if left = k.left; left == 0 {
			delete(s.keys, key)
		}
		s.mu.Unlock()
	}
}

func (s *keyedChannels) Close() { s.all.Wait() }
