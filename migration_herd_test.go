package remuda_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	gf "github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/herdhttp"
)

func TestMigrationFromGofherd(t *testing.T) {
	ProcessWork := func(w *gf.Work[int, int]) gf.Status {
		w.SetResult(2 * w.Body)
		return gf.Success
	}
	herd, addr := gf.NewHerd(ProcessWork), "127.0.0.1:0"
	require.NoError(t, herd.SetHerdSize(1))
	require.NoError(t, herd.SetMaxRetries(1))
	require.NoError(t, herd.SetLogger(discard{}))
	for _, add := range []func(func(*gf.Work[int, int])) error{
		herd.AddSuccessCallback, herd.AddRetryCallback, herd.AddFailureCallback,
	} {
		require.NoError(t, add(func(*gf.Work[int, int]) {}))
	}
	server, err := herdhttp.Serve(herd, addr)
	require.NoError(t, err)
	require.NoError(t, herd.Start())
	require.NoError(t, herd.IncreaseHerdBy(2))
	require.NoError(t, herd.DecreaseHerdBy(1))
	require.Equal(t, 2, herd.HerdSize())
	require.NoError(t, herd.SendWork(gf.Work[int, int]{ID: "7", Body: 7}))
	herd.CloseInputChan()
	for w := range herd.OutputChan() {
		require.Equal(t, 14, w.Result())
	}
	require.NoError(t, server.Close())
}

type discard struct{}

func (discard) Printf(string, ...any) {}
