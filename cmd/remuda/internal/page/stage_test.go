package page_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/page"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/require"
)

// hostile is what a task may say of itself.
const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`

const noDelegate = "convert: exit status 1: convert: no decode delegate for this image format `' @ error/constitute.c/ReadImage/741.\n" +
	"convert: no images defined `png:-' @ error/convert.c/ConvertImageCommand/3342."

// stage makes the store of a service in the middle of a bad night: kinds that do well,
// that fail, that are paused and that nobody handles.
func (r *rig) stage() {
	hold := make(chan struct{})
	r.t.Cleanup(func() { close(hold) })
	later := tasks.Backoff(func(int) time.Duration { return 10 * time.Minute })
	soonAgain := tasks.Backoff(func(int) time.Duration { return 10 * time.Millisecond })

	thumb := r.handle("thumb", 2, func(_ context.Context, in []byte) ([]byte, error) {
		if string(in) == "broken" && !r.mended.Load() {
			return nil, errors.New(noDelegate)
		}
		return []byte("\x89PNG\r\n\x1a\n, a thumbnail"), nil
	}, tasks.Attempts(3), soonAgain)
	notify := r.handle("notify", 4, func(_ context.Context, in []byte) ([]byte, error) {
		switch string(in[:1]) {
		case "5":
			return nil, fmt.Errorf("answered 503 Service Unavailable: upstream %s is out of its mind; request id 7f3a9c%s", "hooks-2", in)
		case "4":
			return nil, middleware.Permanent(fmt.Errorf("answered 422 Unprocessable Entity: {\"error\":\"unknown recipient\",\"id\":%s}", in))
		}
		return []byte(`{"delivered":true,"to":"ops@example.org"}`), nil
	}, later)
	report := r.handle("report", 3, func(ctx context.Context, _ []byte) ([]byte, error) {
		if run, ok := tasks.RunFrom(ctx); ok && run.ID == "report.november" {
			_ = run.Progress(0.42, "page 42 of 100")
		}
		select {
		case <-hold:
		case <-ctx.Done():
		}
		return nil, ctx.Err()
	})
	export := r.handle("export-to-warehouse", 1, func(context.Context, []byte) ([]byte, error) { return nil, nil })
	legacy := r.handle("legacy", 0, nil)
	require.NoError(r.t, r.client.Pause(r.t.Context(), "export-to-warehouse"))

	for i := range 40 {
		r.push(notify, "", fmt.Sprint("1", i))
	}
	for i := range 12 {
		r.push(thumb, "", fmt.Sprint("image ", i))
		r.push(export, "", `{"table":"orders"}`)
		r.push(legacy, "", "x")
	}
	for i := range 7 {
		r.push(notify, fmt.Sprint("hook-", 5100+i), fmt.Sprint("5", i))
	}
	r.push(notify, "recipient-4711", "4711")
	r.push(notify, "tomorrow", "1", tasks.After(20*time.Hour))
	for _, month := range []string{"september", "october", "november"} {
		r.push(report, month, `{"month":"`+month+`"}`)
	}
	r.push(thumb, "holiday-photo-0031.png", "broken")
	r.push(thumb, "holiday-photo-0032.png", "broken")
	r.state("thumb.holiday-photo-0032.png", tasks.Dead)
	r.state("notify.recipient-4711", tasks.Dead)
	r.state("notify.hook-5106", tasks.Retrying)
	r.state("report.november", tasks.Running)
}

// past fills the hour before the test.
func (r *rig) past() {
	r.history.Began(time.Now().Add(-3 * time.Hour))
	for ago := 1; ago < 60; ago++ {
		wave := 1 + math.Sin(float64(ago)/7)
		took := []time.Duration{time.Duration(90+40*wave) * time.Millisecond, 200 * time.Millisecond}
		bad := 0
		if ago < 9 {
			bad = 9 - ago
			took = append(took, time.Duration(10-ago)*time.Second)
		}
		r.history.Fill("notify", ago, page.Past{Done: int(120 + 60*wave), Failed: bad * 3, Waiting: 2 + 4*bad, Running: 3, Took: took})
		r.history.Fill("thumb", ago, page.Past{Done: int(14 * wave), Waiting: int(3 * wave), Running: 1, Took: []time.Duration{700 * time.Millisecond}})
		r.history.Fill("export-to-warehouse", ago, page.Past{Waiting: max(0, 12-ago)})
		r.history.Fill("legacy", ago, page.Past{Waiting: 12})
		r.history.Fill("report", ago, page.Past{Running: 3})
	}
}
