package serve

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/secret"
)

// tlsOf reads the certificates of a listener; nil if it has none.
func tlsOf(cfg *config.Config, l *config.Listener) (*tls.Config, error) {
	if l.CertFile == "" {
		return nil, nil
	}
	if err := secret.Check(cfg.Path(l.KeyFile)); err != nil {
		return nil, fmt.Errorf("key_file: %w", err)
	}
	cert, err := tls.LoadX509KeyPair(cfg.Path(l.CertFile), cfg.Path(l.KeyFile))
	if err != nil {
		return nil, fmt.Errorf("cert_file and key_file: %w", err)
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	if l.ClientCA != "" {
		if secure.ClientCAs, err = Pool(cfg.Path(l.ClientCA)); err != nil {
			return nil, fmt.Errorf("client_ca_file: %w", err)
		}
		secure.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return secure, nil
}

// Pool reads certificates of CAs.
func Pool(name string) (*x509.CertPool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificates", name)
	}
	return pool, nil
}
