package scenario

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"time"
)

// Sleep is many jobs that wait: how long all of them take, and how much memory.
func Sleep(contenders []Contender) Scenario {
	return Scenario{
		Name:  "sleep",
		Title: "Jobs that sleep for 10 ms",
		About: "One producer, and a process of its own for each run. The time is from before the start of the workers until all have ended; " +
			"the peak is that of the process's resident memory, some 10 MB of which is the program.",
		Cases: []Case{
			sleepCase(contenders, "100,000 on 10,000 workers", 100_000, 10_000),
			sleepCase(contenders, "1,000,000 on 50,000 workers", 1_000_000, 50_000),
		},
	}
}

func sleepCase(contenders []Contender, name string, jobs, workers int) Case {
	return Case{
		Cells: []Cell{
			{Name: name + ", time", Unit: "ms", Charted: true},
			{Name: name + ", peak", Unit: "MB", Charted: true},
		},
		Floor:    "channel",
		Ops:      jobs,
		QuickOps: jobs / 10,
		Entries: alone(enter(contenders, func(c Sending, ops int) ([]Sample, error) {
			return sleep(c, ops, workers*ops/jobs)
		})),
	}
}

func sleep(c Sending, ops, workers int) ([]Sample, error) {
	done := newLedger(ops)
	sample := measure(ops, func() {
		s := c.Sender(max(workers, 1), func(in int) {
			time.Sleep(10 * time.Millisecond)
			done.mark(in)
		})
		sendShare(s, 0, 1, ops)
		s.Close()
	})
	sample.Value *= float64(ops) / float64(time.Millisecond)
	peak, err := peakMemory()
	if err != nil {
		return nil, err
	}
	return []Sample{sample, figure(peak / 1e6)}, done.check()
}

// peakMemory returns the most bytes that the process had resident. Where the
// system does not tell, it returns what the Go runtime has asked for.
//
// The system's rusage would be no use: its maximum includes the parent's from
// before exec.
func peakMemory() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if errors.Is(err, fs.ErrNotExist) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.Sys), nil
	}
	if err != nil {
		return 0, err
	}
	_, rest, found := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, errors.New("no VmHWM in /proc/self/status")
	}
	kb, err := strconv.ParseFloat(string(fields[0]), 64)
	return kb * 1024, err
}
