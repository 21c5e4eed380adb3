package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/rpc"
	"github.com/remuda-go/remuda/cmd/remuda/internal/secret"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"golang.org/x/time/rate"
)

// A Lock says who may come from the network.
type Lock struct {
	Token        string // what callers must send, if there is one
	Certificates bool   // TLS accepts only callers with a certificate
	Rate         int    // requests that are accepted each second
}

// Guard accepts permitted callers: with the token if there is one; without a token
// and certificates, under the name of a loopback address alone, so that no web page
// reaches it by a name of its own. It lets nothing be changed from another origin.
func Guard(next http.Handler, lock Lock) http.Handler {
	limit := rate.NewLimiter(rate.Limit(lock.Rate), lock.Rate)
	origins := http.NewCrossOriginProtection()
	want := sha256.Sum256([]byte(lock.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		refuse := func(p *service.Problem) {
			if !rpc.Refuse(w, r, p) {
				writeProblem(w, p)
			}
		}
		deny := func(status int, text string) {
			refuse(&service.Problem{Status: status, Code: service.CodeDenied, Text: text})
		}
		switch given, ok := bearer(r); {
		case !limit.Allow():
			refuse(&service.Problem{Status: http.StatusTooManyRequests, Code: service.CodeBusy, Text: "too many requests"})
		case lock.Token == "" && !lock.Certificates && !loopbackName(r.Host):
			deny(http.StatusForbidden, fmt.Sprintf("the name %q is not that of a loopback address", r.Host))
		case lock.Token != "" && (!ok || subtle.ConstantTimeCompare(given[:], want[:]) != 1):
			w.Header().Set("WWW-Authenticate", "Bearer")
			deny(http.StatusUnauthorized, "the token is missing or wrong")
		case origins.Check(r) != nil:
			deny(http.StatusForbidden, "requests from other origins change nothing")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func bearer(r *http.Request) (sum [sha256.Size]byte, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return sha256.Sum256([]byte(token)), ok && strings.EqualFold(scheme, "Bearer")
}

func loopbackName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return config.Loopback(strings.Trim(host, "[]"))
}

// shortestToken guards against a file that is empty by mistake.
const shortestToken = 16

// ReadToken reads a token from a file, which others must not be able to read.
func ReadToken(name string) (string, error) {
	token, err := secret.Read(name)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	if len(token) < shortestToken {
		return "", errors.New("token: " + name + " has less than 16 characters: openssl rand -hex 32 makes a good one")
	}
	return token, nil
}
