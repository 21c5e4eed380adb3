//go:build unix

package remudacli_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the config says of the clock is in force after a start and after SIGHUP, whatever
// was set and removed by hand meanwhile; what only a hand has set stays.
func TestTheConfigSetsTheClock(t *testing.T) {
	t.Parallel()
	for name, nats := range map[string]string{"directory": "", "nats": startNATS(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := upper + "cron:\n  a: {spec: '0 3 * * *', zone: Europe/Berlin, kind: upper, input: {n: 1}}\n  b: {spec: '@daily', kind: upper}\n"
			if nats != "" {
				config = "nats: ['" + nats + "']\n" + config
			}
			p := newPlace(t, config)
			s := p.serve()
			want := p.ok("cron", "list")
			assert.Regexp(t, `(?m)^upper +a +0 0 3 \* \* \* +Europe/Berlin`, want)
			spoil := func() {
				p.ok("cron", "remove", "upper", "a")
				p.ok("cron", "set", "upper", "b", "@hourly")
				require.NotEqual(t, want, p.ok("cron", "list"))
			}
			spoil()
			s.signal(syscall.SIGHUP)
			s.says("the config was reloaded")
			assert.Equal(t, want, p.ok("cron", "list"))
			spoil()
			s.stop()
			s = p.serve()
			assert.Equal(t, want, p.ok("cron", "list"))
			p.ok("cron", "set", "upper", "c", "@hourly")
			s.stop()
			s = p.serve()
			assert.Contains(t, p.ok("cron", "list"), "@hourly")
			s.stop()
		})
	}
}
