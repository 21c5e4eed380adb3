//go:build unix

package remudacli_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const redisPassword = "a password of Redis"

// startRedis starts a server at the address, which ends with the test.
func startRedis(t *testing.T, addr string) *redis.Client {
	t.Helper()
	server := needs(t, "redis-server", "valkey-server")
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	cmd := exec.Command(server, "-")
	cmd.Stdin = strings.NewReader(fmt.Sprintf("bind %s\nport %s\ndir %s\nsave \"\"\nrequirepass \"%s\"\n", host, port, t.TempDir(), redisPassword))
	require.NoError(t, cmd.Start())
	c := redis.NewClient(&redis.Options{Addr: addr, Password: redisPassword})
	t.Cleanup(func() {
		_ = c.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool { return c.Ping(context.Background()).Err() == nil }, soon, 20*time.Millisecond, "no Redis")
	return c
}

func redisConfig(addr, kind string) string {
	return kind + "providers: [{redis: {addr: '" + addr + "', list: jobs, kind: upper, password_file: password}}]\n"
}

// Values become tasks, the first that came first; what can't be a task is put aside.
func TestARedisListOfTasks(t *testing.T) {
	t.Parallel()
	addr := freeAddress(t)
	needs(t, "redis-server", "valkey-server")
	p := newPlace(t, redisConfig(addr, "kinds: {upper: {command: {argv: [sh, -c, 'cat >>seen; echo >>seen']}}}\n"))
	p.write("password", redisPassword+"\n")
	s := p.serve()
	s.says("values stay where they are") // Redis is not there yet
	c := startRedis(t, addr)
	for _, value := range []string{"first", "second", strings.Repeat("x", 2<<20), "third"} {
		require.NoError(t, c.LPush(t.Context(), "jobs", value).Err())
	}
	p.eventually(func() bool { return p.lines("seen") == 3 }, "not three")
	assert.Equal(t, "first\nsecond\nthird\n", p.read("seen"))
	p.eventually(func() bool {
		return c.LLen(t.Context(), "jobs:remuda:failed").Val() == 1 && c.DBSize(t.Context()).Val() == 1
	}, "it is not put aside, or something else is left")
	s.stop()
	for line := range strings.Lines(s.log.String()) {
		assert.True(t, strings.HasPrefix(line, "time="), "not of our log: %s", line)
	}
}

// Wherever remuda is killed, each value is one task.
func TestARedisListSurvivesKills(t *testing.T) {
	t.Parallel()
	addr := freeAddress(t)
	c := startRedis(t, addr)
	p := newPlace(t, redisConfig(addr, "kinds: {upper: {}}\n"))
	p.write("password", redisPassword)
	const n = 300
	for i := range n {
		require.NoError(t, c.LPush(t.Context(), "jobs", i).Err())
	}
	left := func() int64 { return c.LLen(t.Context(), "jobs").Val() }
	for _, until := range []int64{250, 200, 100} {
		s := p.serve()
		p.eventually(func() bool { return left() <= until }, "nothing is taken")
		s.kill()
	}
	// As if it was killed between any two steps: taken, claimed, and claimed and stored.
	require.NoError(t, c.LPush(t.Context(), "jobs:remuda:taken", "taken").Err())
	require.NoError(t, c.HSet(t.Context(), "jobs:remuda:claimed", "CLAIMED", "claimed", "STORED", "stored").Err())
	p.ok("push", "upper", "stored", "--id", "STORED")
	s := p.serve()
	p.eventually(func() bool { return c.DBSize(t.Context()).Val() == 0 }, "something is left")
	s.stop()
	assert.Equal(t, n+3, strings.Count(p.ok("list", "--limit", "0", "--json"), `"state":"waiting"`))
}
