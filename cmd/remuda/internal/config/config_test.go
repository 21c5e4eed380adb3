package config_test

import (
	"testing"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// whole is the example of docs/command.md.
const whole = `store: {dir: var/remuda, max: 10GB}
kinds:
  thumb:  {attempts: 5, timeout: 2m, running: 16, command: {argv: [convert, "-", -resize, 200x, "png:-"], workers: 4, retry_exit: [75]}}
  notify: {http: {url: "https://hooks.example/x", workers: 8}, on_dead: {kind: alert}}
  alert:  {command: {argv: [mail, ops]}}
providers:
  - directory: {path: inbox, kind: thumb, done: inbox/done}
  - http: {listen: 127.0.0.1:8055, kinds: [notify]}
cron: {nightly: {spec: "0 3 * * *", zone: Europe/Berlin, kind: notify, input: {deep: [1, x]}}}
`

func parse(t *testing.T, text string) (*config.Config, error) {
	t.Helper()
	return config.Parse("remuda.yaml", "/etc/remuda", []byte(text))
}

func TestAWholeConfigIsRead(t *testing.T) {
	t.Parallel()
	c, err := parse(t, whole)
	require.NoError(t, err)
	thumb := c.Kinds["thumb"]
	assert.Equal(t, 5, thumb.Attempts)
	assert.Equal(t, "2m", thumb.Timeout.String())
	assert.Equal(t, []string{"convert", "-", "-resize", "200x", "png:-"}, thumb.Command.Argv)
	assert.Equal(t, []int{75}, thumb.Command.RetryExit)
	assert.Equal(t, config.Size(10_000_000_000), c.Store.Max)
	assert.Equal(t, "alert", c.Kinds["notify"].OnDead.Kind)
	assert.Equal(t, "/etc/remuda/inbox/done", c.Path(c.Providers[0].Directory.Done))
	assert.Equal(t, map[string]any{"deep": []any{uint64(1), "x"}}, c.Cron["nightly"].Input)
}

func TestAnEmptyConfigIsOne(t *testing.T) {
	t.Parallel()
	c, err := parse(t, "# nothing yet\n")
	require.NoError(t, err)
	assert.Equal(t, "var/remuda", c.WithDefaults().Store.Dir)
}

// Each fault names file, line, column, key, and what would be right.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"a key with a slip": {
			"kinds:\n  a:\n    atempts: 5\n", `remuda.yaml:3:5: kinds.a.atempts: unknown key; did you mean "attempts"?`},
		"a key that means nothing": {
			"store: {colour: red}\n", "remuda.yaml:1:9: store.colour: unknown key; there are dir, max, relaxed"},
		"several keys": {
			"stor: 1\nkind: 2\n", "remuda.yaml:1:1: stor: unknown key; did you mean \"store\"?\nremuda.yaml:2:1: kind: unknown key; did you mean \"kinds\"?"},
		"a duration": {
			"kinds:\n  a: {timeout: soon}\n", `remuda.yaml:2:16: kinds.a.timeout: "soon" is not right: want a positive duration, such as 90s or 1h30m`},
		"a size": {
			"store: {max: ten}\n", `remuda.yaml:1:14: store.max: "ten" is not right: want a size, such as 512KB, 10GB or 64MiB`},
		"a number": {
			"kinds:\n  a: {attempts: many}\n", `remuda.yaml:2:17: kinds.a.attempts: "many" is not right: want a whole number`},
		"a zero": {
			"kinds:\n  a: {attempts: 0}\n", `remuda.yaml:2:17: kinds.a.attempts: 0 is too few: at least 1`},
		"no argv": {
			"kinds:\n  a:\n    command: {workers: 2}\n", `remuda.yaml:3:15: kinds.a.command.argv: is missing: want a program and its arguments, such as [gzip, -c]`},
		"a program and a URL": {
			"kinds:\n  a: {command: {argv: [x]}, http: {url: 'http://x'}}\n", `remuda.yaml:2:7: kinds.a: has both command and http: remove one of them`},
		"no URL": {
			"kinds:\n  a: {http: {url: 'ftp://x'}}\n", `remuda.yaml:2:19: kinds.a.http.url: "ftp://x" is no URL: want http:// or https:// and a host`},
		"a header and a variable": {
			"kinds:\n  a: {http: {url: 'http://x', headers: {'a b': 'costs $5'}}}\n",
			"remuda.yaml:2:41: kinds.a.http.headers: \"a b\" is no name of a header\n" +
				"remuda.yaml:2:41: kinds.a.http.headers: $5 is no variable: write $$ for a dollar"},
		"a kind that is not there": {
			"kinds:\n  a: {on_dead: {kind: b}}\n", `remuda.yaml:2:23: kinds.a.on_dead.kind: "b" is not among the kinds: a`},
		"the dead tell of the dead": {
			"kinds:\n  a: {on_dead: {kind: a}}\n", `remuda.yaml:2:23: kinds.a.on_dead.kind: leads back to a: a dead task would make tasks forever`},
		"a name": {
			"kinds:\n  a b: {attempts: 1}\n", `remuda.yaml:2:9: kinds.a b: a kind has 1 to 64 letters, digits, - and _`},
		"open to the world": {
			"providers:\n  - http: {listen: ':80'}\n", `remuda.yaml:2:20: providers[0].http.listen: ":80" can be reached from other machines: set token_file or client_ca_file, or listen on 127.0.0.1`},
		"a name that is no loopback address": {
			"providers:\n  - http: {listen: 'example.org:80'}\n", `remuda.yaml:2:20: providers[0].http.listen: "example.org:80" can be reached from other machines: set token_file or client_ca_file, or listen on 127.0.0.1`},
		"control without a token": {
			"providers:\n  - http: {listen: 'localhost:80', control: true}\n", `remuda.yaml:2:45: providers[0].http.control: needs token_file or client_ca_file`},
		"half of TLS": {
			"providers:\n  - http: {listen: 'localhost:80', cert_file: c}\n", `remuda.yaml:2:12: providers[0].http: cert_file and key_file go together`},
		"certificates of callers alone": {
			"providers:\n  - http: {listen: 'localhost:80', client_ca_file: c}\n", `remuda.yaml:2:52: providers[0].http.client_ca_file: needs cert_file and key_file`},
		"a provider of nothing": {
			"providers:\n  - {}\n", `remuda.yaml:2:5: providers[0]: want exactly one of directory, http and redis`},
		"a list of nothing": {
			"kinds: {a: {attempts: 1}}\nproviders:\n  - redis: {addr: localhost, kind: a, from: top}\n",
			"remuda.yaml:3:19: providers[0].redis.addr: \"localhost\" is no address: want host:port, such as localhost:6379\n" +
				"remuda.yaml:3:13: providers[0].redis.list: is missing: want the key of a list\n" +
				"remuda.yaml:3:45: providers[0].redis.from: \"top\" is no end of a list: want left or right"},
		"two passwords": {
			"kinds: {a: {attempts: 1}}\nproviders:\n  - redis: {addr: 'localhost:1', list: l, kind: a, password_file: f, password_env: e}\n",
			`remuda.yaml:3:84: providers[0].redis.password_env: excludes password_file: remove one of them`},
		"a clock": {
			"kinds: {a: {attempts: 1}}\ncron: {x: {spec: '0 25 * * *', kind: a}}\n", `remuda.yaml:2:18: cron.x.spec: "0 25 * * *": hours: "25": want 0 to 23`},
		"a zone": {
			"kinds: {a: {attempts: 1}}\ncron: {x: {spec: '@daily', kind: a, zone: Berlin}}\n", `remuda.yaml:2:43: cron.x.zone: "Berlin" is no time zone: want one such as Europe/Berlin`},
		"no replicas": {
			"replicas: 0\n", `remuda.yaml:1:11: replicas: 0 is too few: at least 1`},
		"replicas beyond what there is": {
			"nats: ['nats://a']\nreplicas: 7\n", `remuda.yaml:2:11: replicas: 7 is too many: at most 5`},
		"replicas of a directory": {
			"store: {dir: x}\nreplicas: 3\n", `remuda.yaml:2:11: replicas: is for a NATS cluster, and excludes store: remove one of them`},
		"two stores": {
			"store: {dir: x}\nnats: ['nats://a']\n", `remuda.yaml:2:7: nats: excludes store: remove one of them`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, test.text)
			require.ErrorAs(t, err, new(config.Faults))
			assert.Equal(t, test.want, err.Error())
		})
	}
}

func TestBrokenYAMLSaysWhere(t *testing.T) {
	t.Parallel()
	_, err := parse(t, "kinds:\n  a: [1\n")
	require.ErrorAs(t, err, new(config.Faults))
	assert.Regexp(t, `^remuda\.yaml:[0-9]+:[0-9]+: .+`, err.Error())
	_, err = parse(t, "kinds: {a: {attempts: 1}, a: {attempts: 2}}\n")
	require.ErrorAs(t, err, new(config.Faults))
	assert.Contains(t, err.Error(), "remuda.yaml:1:27")
}

// What Print prints is in force, and says where each value is from.
func TestPrint(t *testing.T) {
	t.Parallel()
	c, err := parse(t, whole)
	require.NoError(t, err)
	text, err := c.Print()
	require.NoError(t, err)
	assert.Contains(t, string(text), "max: 10GB # remuda.yaml:1")
	assert.Contains(t, string(text), "timeout: 2m # remuda.yaml:3")
	for _, line := range []string{
		"grace: 20s # default", "relaxed: false # default", "control: false # default",
		"lease: 30s # default, if the queue is made anew", "queued: 1000000 # default, if the queue is made anew",
	} {
		assert.Contains(t, string(text), line)
	}
	again, err := config.Parse("printed", "/etc/remuda", text)
	require.NoError(t, err, string(text))
	want := c.WithDefaults()
	for name, k := range want.Kinds {
		k.Lease, k.Queued = config.Duration(30*time.Second), 1_000_000
		want.Kinds[name] = k
	}
	assert.Equal(t, want.Kinds, again.Kinds)
	assert.Equal(t, want.Providers, again.Providers)
	assert.Equal(t, c.Cron, again.Cron)
	assert.Empty(t, c.Kinds["thumb"].Lease, "what is printed is not in force by that")
}

func TestSpecs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0 3 * * *": "0 0 3 * * *", "*/5 1-3,7 * jan-mar mon": "0 */5 1-3,7 * jan-mar mon", "1 2 3 4 5 6": "1 2 3 4 5 6",
		"@daily": "@daily", "@every 90s": "@every 90s",
	} {
		got, err := config.Spec(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", "* * *", "60 * * * *", "@every 1ms", "@now", "5-1 * * * *", "a * * * *", "*/0 * * * *", "99999999999999999999 * * * *"} {
		_, err := config.Spec(text)
		assert.Error(t, err, text)
	}
}

func TestSchemaNamesEachKey(t *testing.T) {
	t.Parallel()
	text, err := config.Schema()
	require.NoError(t, err)
	for _, key := range []string{`"retry_exit"`, `"on_dead"`, `"token_file"`, `"spec"`, `"additionalProperties": false`} {
		assert.Contains(t, string(text), key)
	}
}

// Whatever is in a file, it is read or refused, never a panic.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("kinds: {a: &x {attempts: 1}, b: *x}")
	f.Add("kinds:\n  <<: {a: 1}")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := config.Parse("f", "/", []byte(text)); err == nil {
			_, err := c.Print()
			require.NoError(t, err)
		}
	})
}
