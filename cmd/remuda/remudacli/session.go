package remudacli

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/remote"
	"github.com/remuda-go/remuda/cmd/remuda/internal/serve"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"github.com/urfave/cli/v3"
)

// with calls f with a client of the tasks: at --url; or of the process that has the
// store open; or, if there is none, in this process.
func with(ctx context.Context, cmd *cli.Command, f func(*remote.Client) error) (err error) {
	if url := cmd.String("url"); url != "" {
		token := ""
		if file := cmd.String("token-file"); file != "" {
			if token, err = api.ReadToken(file); err != nil {
				return err
			}
		}
		return f(remote.New(url, token, http.DefaultTransport))
	}
	cfg, err := load(cmd)
	if err != nil {
		return err
	}
	serves := false
	store, err := serve.OpenSoon(ctx, cfg, cmd.String("nats"), func() bool {
		serves = serve.Serves(cfg)
		return serves
	})
	if serves && errors.Is(err, tasks.ErrLocked) {
		return f(remote.New("http://localhost", "", dialing(serve.ControlSocket(cfg.Path(cfg.WithDefaults().Store.Dir)))))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	local := remote.NewLocal(api.New(&service.Service{Client: store, Kind: kindsOf(cfg), Control: true, Body: serve.LocalBody}))
	defer local.Wait()
	c := remote.New("http://localhost", "", local)
	c.Alone = cmd.String("nats") == "" && len(cfg.NATS) == 0
	return f(c)
}

// dialing connects to a socket, whatever the address.
func dialing(socket string) http.RoundTripper {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}, DisableKeepAlives: true}
}

// kindsOf finds the kinds of a config; without kinds in it, every name is one.
func kindsOf(cfg *config.Config) func(string) (service.KindOf, bool) {
	full := cfg.WithDefaults()
	return func(name string) (service.KindOf, bool) {
		if k, ok := full.Kinds[name]; ok {
			return serve.Define(name, k), true
		}
		return tasks.Define[[]byte, []byte](name, tasks.Codec(tasks.Raw)), len(full.Kinds) == 0
	}
}
