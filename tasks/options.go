package tasks

import (
	"crypto/tls"

	"github.com/nats-io/nats.go"
	"github.com/remuda-go/remuda/tasks/internal/setup"
)

// An Option is a choice about a [Client].
type Option func(*setup.Options)

// Replicas makes streams that do not exist yet with n replicas. If they exist
// with another number, Connect and the first use of a kind return [ErrMismatch]; see
// [ConnectToMigrate]. The default is one for new streams, and whatever exists.
func Replicas(n int) Option { return func(o *setup.Options) { o.Replicas = n } }

// Credentials reads the user's JWT and key from a file.
func Credentials(file string) Option { return withNATS(nats.UserCredentials(file)) }

// Token authenticates with a token.
func Token(token string) Option { return withNATS(nats.Token(token)) }

// TLS connects with the given configuration.
func TLS(cfg *tls.Config) Option { return withNATS(nats.Secure(cfg)) }

// NATS passes options on to the NATS client, for what has no Option of its own.
func NATS(opts ...nats.Option) Option { return withNATS(opts...) }

func withNATS(opts ...nats.Option) Option {
	return func(o *setup.Options) { o.NATS = append(o.NATS, opts...) }
}
