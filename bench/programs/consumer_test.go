package programs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/bench/programs/internal/ledger"
)

// events returns events of many accounts, one of which has half of them, as a file, and
// the balances that they lead to if they are applied in order.
func events(t *testing.T, n int) (file, balances string, refused int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same at each run
	var lines strings.Builder
	seq, balance := map[string]int{}, map[string]int{}
	for range n {
		account := "hot"
		if random.IntN(2) == 0 {
			account = fmt.Sprintf("account-%03d", random.IntN(300))
		}
		seq[account]++
		e := ledger.Event{Account: account, Seq: seq[account], Amount: random.IntN(100) - 45}
		if balance[account]+e.Amount >= 0 {
			balance[account] += e.Amount
		} else {
			refused++
		}
		line, err := json.Marshal(e)
		require.NoError(t, err)
		lines.Write(append(line, '\n'))
	}
	var out strings.Builder
	for _, account := range slices.Sorted(maps.Keys(seq)) {
		fmt.Fprintln(&out, account, balance[account])
	}
	return lines.String(), out.String(), refused
}

// An event that is applied out of its turn ends the program, and one that is refused in
// its place and not in another leaves another balance.
func TestConsumer(t *testing.T) {
	const n = 50_000
	file, balances, refused := events(t, n)
	require.Positive(t, refused)
	inEachWay(t, "consumer", func(t *testing.T, program string) {
		got := runProgram(t, file, program)
		require.Equal(t, 0, got.status, got.stderr)
		require.Equal(t, balances, got.stdout)
		require.Contains(t, got.stderr, fmt.Sprintf("%d applied, %d refused\n", n-refused, refused))
	})
}

// What comes after a broken line is not read, and what came before is applied.
func TestConsumerOfABrokenFile(t *testing.T) {
	file, balances, _ := events(t, 1000)
	inEachWay(t, "consumer", func(t *testing.T, program string) {
		got := runProgram(t, file+"{broken\n"+file, program)
		require.Equal(t, 0, got.status, got.stderr)
		require.Equal(t, balances, got.stdout)
		require.Contains(t, got.stderr, "invalid character")
	})
}

// After Ctrl-C it applies what it has taken, and tells the balances.
func TestConsumerInterrupted(t *testing.T) {
	inEachWay(t, "consumer", func(t *testing.T, program string) {
		stdin, more := io.Pipe()
		t.Cleanup(func() { _ = more.Close() })
		p := start(t, stdin, program)
		go func() {
			enc := json.NewEncoder(more)
			for seq := 1; enc.Encode(ledger.Event{Account: "a", Seq: seq, Amount: -1}) == nil; seq++ {
			}
		}()
		p.await(t, "refused: a 1: overdrawn")
		status, log := p.interrupt(t)
		require.Equal(t, 0, status, log)
		require.Contains(t, log, "context canceled")
		applied := strings.Count(log, "refused: a ")
		require.Contains(t, log, fmt.Sprintf("0 applied, %d refused", applied))
	})
}
