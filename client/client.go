package client

import (
	"net/http"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/remuda-go/remuda/client/remudav1/remudav1connect"
)

// A Client talks to a remuda that serves. It holds nothing but the connections of
// its http.Client, and is safe for concurrent use.
type Client struct {
	service remudav1connect.TaskServiceClient
}

// An Option is a choice about a Client.
type Option func(*options)

type options struct {
	token string
	http  connecthttp.HTTPClient
	wire  []connecthttp.Option
}

// Token sends the token with each request.
func Token(token string) Option { return func(o *options) { o.token = token } }

// HTTPClient chooses the HTTP client, such as one with a certificate of its own. The
// default is http.DefaultClient.
func HTTPClient(c *http.Client) Option { return func(o *options) { o.http = c } }

// Wire passes options on to the transport, such as connecthttp.WithGRPC().
func Wire(opts ...connecthttp.Option) Option {
	return func(o *options) { o.wire = append(o.wire, opts...) }
}

// New returns a client of the remuda at url, such as https://queue:8055. It connects
// when it is used.
func New(url string, opts ...Option) *Client {
	o := options{http: http.DefaultClient}
	for _, opt := range opts {
		opt(&o)
	}
	transport := connecthttp.NewTransport(bearer{o.http, o.token}, url, o.wire...)
	return &Client{service: remudav1connect.NewTaskServiceClient(connect.NewClient(transport))}
}

// Service returns the generated client, which has the same token and transport.
func (c *Client) Service() remudav1connect.TaskServiceClient { return c.service }

// A bearer adds the token.
type bearer struct {
	next  connecthttp.HTTPClient
	token string
}

func (b bearer) Do(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.Do(r)
}
