package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The program does what the picture says: no worker runs two inputs at a time, there are
// as many workers as were asked for, each input has its run, and one of them panics.
func TestWork(t *testing.T) {
	r, err := work(t.Context())
	require.NoError(t, err)
	require.Len(t, r.calls, 6)
	require.Len(t, workersOf(r), manyWorkers)
	panicked := 0
	busyUntil := map[int]time.Duration{}
	for _, s := range r.spans { // in the order in which they ended
		require.LessOrEqual(t, busyUntil[s.worker], s.begin, "worker %d", s.worker)
		require.Less(t, s.begin, s.end)
		busyUntil[s.worker] = s.end
		if s.panicked {
			panicked++
		}
	}
	require.Equal(t, 2, panicked, "one of each burst")
	require.Len(t, r.spans, easyInputs+burst+lastInputs)
}

// The picture has a bar for each run, and is well-formed.
func TestDraw(t *testing.T) {
	ms := time.Millisecond
	picture, err := draw(&record{
		spans: []span{{worker: 1, begin: 0, end: 10 * ms}, {worker: 7, begin: 5 * ms, end: 20 * ms, panicked: true}},
		calls: []call{{0, "Start(2, f)"}},
		depth: []depth{{0, 0}, {2 * ms, 9}, {4 * ms, 0}},
		end:   20 * ms,
	})
	require.NoError(t, err)
	decoder := xml.NewDecoder(bytes.NewReader(picture))
	classes := map[string]int{}
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, attr := range element.Attr {
			if attr.Name.Local == "class" {
				classes[attr.Value]++
			}
		}
	}
	require.Equal(t, 2, classes["lane"])
	require.Equal(t, 1+1, classes["run"], "one run, and the key")
	require.Equal(t, 1+1, classes["panicked"])
	require.Equal(t, 1, classes["call"])
	require.Contains(t, string(picture), ">9</text>", "how many waited at most")
}
