package remudacli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

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
func (a *app) with(ctx context.Context, cmd *cli.Command, f func(*remote.Client) error) (err error) {
	if url := cmd.String("url"); url != "" {
		if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
			return usageError{fmt.Errorf("--url %s: want one such as http://host:8055", url)}
		}
		token := ""
		if file := cmd.String("token-file"); file != "" {
			if token, err = api.ReadToken(file); err != nil {
				return err
			}
		}
		transport, err := transportOf(cmd)
		if err != nil {
			return err
		}
		defer transport.CloseIdleConnections()
		return f(remote.New(url, token, transport))
	}
	cfg, err := a.load(cmd)
	if err != nil {
		return a.withFaults(cmd, err, f)
	}
	serves := false
	store, err := serve.OpenSoon(ctx, cfg, cmd.String("nats"), func() bool {
		serves = serve.Serves(cfg)
		return serves
	})
	if serves && errors.Is(err, tasks.ErrLocked) {
		return f(inDirectory(serve.StoreOf(cfg)))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	local := remote.NewLocal(api.New(&service.Service{Client: store, Kind: a.kindsOf(cfg), Stored: true, Control: true, Body: serve.LocalBody}))
	defer local.Wait()
	c := remote.New("http://localhost", "", local)
	c.Alone = cmd.String("nats") == "" && len(cfg.NATS) == 0
	return f(c)
}

// withFaults is with for a config that can't be loaded: a process that serves has its own
// in force, and it is enough to find it.
func (a *app) withFaults(cmd *cli.Command, err error, f func(*remote.Client) error) error {
	var faults config.Faults
	if !errors.As(err, &faults) || cmd.String("nats") != "" {
		return err
	}
	store, ok := config.DirOf(cmd.String("config"))
	if !ok || !serve.ServesAt(store) {
		return err
	}
	fmt.Fprintf(a.std.Err, "%s: the config has faults; asking the process that serves, which has another in force:\n%v\n", a.name, err)
	return f(inDirectory(store))
}

// inDirectory is a client of the process that has the store open.
func inDirectory(store string) *remote.Client {
	return remote.New("http://localhost", "", dialing(serve.ControlSocket(store)))
}

// transportOf is that of --url, with the certificates of the flags.
func transportOf(cmd *cli.Command) (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if file := cmd.String("ca-file"); file != "" {
		pool, err := serve.Pool(file)
		if err != nil {
			return nil, fmt.Errorf("--ca-file: %w", err)
		}
		t.TLSClientConfig.RootCAs = pool
	}
	if file := cmd.String("cert-file"); file != "" {
		cert, err := tls.LoadX509KeyPair(file, cmd.String("key-file"))
		if err != nil {
			return nil, fmt.Errorf("--cert-file and --key-file: %w", err)
		}
		t.TLSClientConfig.Certificates = []tls.Certificate{cert}
	}
	return t, nil
}

// dialing connects to a socket, whatever the address.
func dialing(socket string) http.RoundTripper {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}, DisableKeepAlives: true}
}

// kindsOf finds the kinds of a config and of the program; without kinds in the config,
// every name is one.
func (a *app) kindsOf(cfg *config.Config) func(string) (service.KindOf, bool) {
	full := cfg.WithDefaults()
	return func(name string) (service.KindOf, bool) {
		for _, k := range a.kinds {
			if k.Name() == name {
				return k.Kind, true
			}
		}
		if k, ok := full.Kinds[name]; ok {
			return serve.Define(name, k), true
		}
		return tasks.Define[[]byte, []byte](name, tasks.Codec(tasks.Raw)), len(full.Kinds) == 0
	}
}
