//go:build unix

package remudacli_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect/v2/connecthttp"
	"github.com/remuda-go/remuda/client"
	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An authority makes certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	n    int64
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	template := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, Subject: pkix.Name{CommonName: "test CA"}}
	a.cert, a.key = a.sign(template, nil, nil)
	return a
}

func (a *authority) sign(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	a.n++
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(a.n), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert, key
}

func pemOf(kind string, der []byte) string {
	var b bytes.Buffer
	_ = pem.Encode(&b, &pem.Block{Type: kind, Bytes: der})
	return b.String()
}

// issue writes a certificate and its key into the place.
func (a *authority) issue(p *place, name string) {
	cert, key := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, a.key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(a.t, err)
	p.write(name+".pem", pemOf("CERTIFICATE", cert.Raw))
	p.write(name+".key", pemOf("PRIVATE KEY", der))
}

// Callers come with a certificate instead of a token, by every protocol; a renewed
// certificate of the server holds from SIGHUP on.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	addr := freeAddress(t)
	p := newPlace(t, upper+"providers: [{http: {listen: '"+addr+"', control: true, cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem}}]\n")
	ca := newAuthority(t)
	p.write("ca.pem", pemOf("CERTIFICATE", ca.cert.Raw))
	ca.issue(p, "server")
	ca.issue(p, "caller")
	newAuthority(t).issue(p, "stranger")
	s := p.serve()
	url, file := "https://"+addr, func(name string) string { return filepath.Join(p.dir, name) }
	with := func(name string, args ...string) (string, string, int) {
		return p.run(append([]string{"--url", url, "--ca-file", file("ca.pem"), "--cert-file", file(name + ".pem"), "--key-file", file(name + ".key")}, args...)...)
	}
	out, errs, code := with("caller", "push", "--wait", "upper", "horse")
	require.Equal(t, remudacli.ExitOK, code, errs)
	assert.Equal(t, "HORSE", out)
	_, _, code = with("stranger", "stats")
	assert.Equal(t, remudacli.ExitFailure, code)
	_, _, code = p.run("--url", url, "--ca-file", file("ca.pem"), "stats")
	assert.Equal(t, remudacli.ExitFailure, code, "no certificate")
	_, errs, code = p.run("--url", url, "push", "upper", "x")
	assert.Equal(t, remudacli.ExitFailure, code, "it is known that nothing is stored")
	assert.Contains(t, errs, "unknown authority")

	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	mine, err := tls.LoadX509KeyPair(file("caller.pem"), file("caller.key"))
	require.NoError(t, err)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{mine}, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}
	defer transport.CloseIdleConnections()
	for _, opt := range []client.Option{client.Wire(), client.Wire(connecthttp.WithGRPC())} {
		c, kind := client.New(url, opt, client.HTTPClient(&http.Client{Transport: transport})), client.Define[[]byte, []byte]("upper")
		id, err := kind.Push(t.Context(), c, []byte("mare"))
		require.NoError(t, err)
		got, err := kind.Wait(t.Context(), c, id)
		require.NoError(t, err)
		assert.Equal(t, "MARE", string(got))
	}

	serial := func() int64 {
		conn, err := tls.Dial("tcp", addr, transport.TLSClientConfig)
		require.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	before := serial()
	ca.issue(p, "server")
	s.signal(syscall.SIGHUP)
	s.says("the config was reloaded")
	assert.NotEqual(t, before, serial())
	s.stop()
}
