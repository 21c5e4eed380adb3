package config

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A checker collects what is wrong.
type checker struct {
	c      *Config
	faults Faults
}

func (k *checker) wrongf(path []any, format string, args ...any) {
	k.faults = append(k.faults, k.c.file.fault(path, format, args...))
}

// check finds what is wrong beyond keys and types.
func (c *Config) check() Faults {
	k := &checker{c: c}
	if c.Store != nil && len(c.NATS) > 0 {
		k.wrongf([]any{"nats"}, "excludes store: remove one of them")
	}
	for i, addr := range c.NATS {
		if u, err := url.Parse(addr); err != nil || u.Host == "" {
			k.wrongf([]any{"nats", i}, "%q is no address: want one such as nats://host:4222", addr)
		}
	}
	k.replicas()
	for _, name := range sorted(c.Kinds) {
		if c.inProgram(name) {
			k.programKind(name, c.Kinds[name])
			continue
		}
		k.kind(name, c.Kinds[name])
	}
	k.cycles()
	listens := make(map[string]bool)
	for i, p := range c.Providers {
		k.provider([]any{"providers", i}, p, listens)
	}
	for _, name := range sorted(c.Cron) {
		k.cron([]any{"cron", name}, name, c.Cron[name])
	}
	return k.faults
}

// mostReplicas is as many as NATS has.
const mostReplicas = 5

func (k *checker) replicas() {
	at := []any{"replicas"}
	k.positive(at, k.c.Replicas)
	switch {
	case k.c.Replicas > mostReplicas:
		k.wrongf(at, "%d is too many: at most %d", k.c.Replicas, mostReplicas)
	case k.c.Replicas > 0 && k.c.Store != nil:
		k.wrongf(at, "is for a NATS cluster, and excludes store: remove one of them")
	}
}

var (
	kindName     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	headerName   = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (k *checker) kind(name string, kind Kind) {
	at := []any{"kinds", name}
	if !kindName.MatchString(name) {
		k.wrongf(at, "a kind has 1 to 64 letters, digits, - and _")
	}
	switch {
	case kind.Command != nil && kind.HTTP != nil:
		k.wrongf(at, "has both command and http: remove one of them")
	case kind.Command != nil:
		k.command(add(at, "command"), kind.Command)
	case kind.HTTP != nil:
		k.http(add(at, "http"), kind.HTTP)
	}
	k.positive(add(at, "attempts"), kind.Attempts)
	k.positive(add(at, "queued"), kind.Queued)
	k.positive(add(at, "running"), kind.Running)
	k.notShort(add(at, "keep"), kind.Keep)
	k.notShort(add(at, "lease"), kind.Lease)
	if b := kind.Backoff; b != nil && b.First != 0 && b.Most != 0 && b.First > b.Most {
		k.wrongf(add(at, "backoff"), "first, %s, is longer than most, %s", b.First, b.Most)
	}
	if kind.OnDead != nil {
		k.known(add(add(at, "on_dead"), "kind"), kind.OnDead.Kind)
	}
}

// cycles finds kinds whose dead tasks would tell of each other forever.
func (k *checker) cycles() {
	for _, name := range sorted(k.c.Kinds) {
		seen := map[string]bool{}
		for at := name; k.c.Kinds[at].OnDead != nil; at = k.c.Kinds[at].OnDead.Kind {
			if seen[at] {
				k.wrongf([]any{"kinds", name, "on_dead", "kind"}, "leads back to %s: a dead task would make tasks forever", at)
				break
			}
			seen[at] = true
		}
	}
}

func (k *checker) command(at []any, c *Command) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		k.wrongf(add(at, "argv"), "is missing: want a program and its arguments, such as [gzip, -c]")
	}
	k.positive(add(at, "workers"), c.Workers)
	for i, code := range c.RetryExit {
		if code < 1 || code > 255 {
			k.wrongf(add(add(at, "retry_exit"), i), "%d is no exit code of a failure: want 1 to 255", code)
		}
	}
	for _, name := range sorted(c.Env) {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			k.wrongf(add(at, "env"), "%q is no name of a variable", name)
		}
	}
}

func (k *checker) http(at []any, h *HTTP) {
	u, err := url.Parse(h.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		k.wrongf(add(at, "url"), "%q is no URL: want http:// or https:// and a host", h.URL)
	}
	k.positive(add(at, "workers"), h.Workers)
	for _, name := range sorted(h.Headers) {
		if !headerName.MatchString(name) {
			k.wrongf(add(at, "headers"), "%q is no name of a header", name)
		}
	}
	for _, name := range h.Variables() {
		if !variableName.MatchString(name) {
			k.wrongf(add(at, "headers"), "$%s is no variable: write $$ for a dollar", name)
		}
	}
}

func (k *checker) provider(at []any, p Provider, listens map[string]bool) {
	n := 0
	if p.Directory != nil {
		n++
		k.directory(add(at, "directory"), p.Directory)
	}
	if p.HTTP != nil {
		n++
		k.listener(add(at, "http"), p.HTTP, listens)
	}
	if p.Redis != nil {
		n++
		k.redis(add(at, "redis"), p.Redis)
	}
	if n != 1 {
		k.wrongf(at, "want exactly one of directory, http and redis")
	}
}

func (k *checker) redis(at []any, r *Redis) {
	if host, port, err := net.SplitHostPort(r.Addr); err != nil || host == "" || port == "" {
		k.wrongf(add(at, "addr"), "%q is no address: want host:port, such as localhost:6379", r.Addr)
	}
	if r.List == "" {
		k.wrongf(add(at, "list"), "is missing: want the key of a list")
	}
	k.known(add(at, "kind"), r.Kind)
	if r.From != "" && r.From != "left" && r.From != "right" {
		k.wrongf(add(at, "from"), "%q is no end of a list: want left or right", r.From)
	}
	if r.DB < 0 {
		k.wrongf(add(at, "db"), "%d is no number of a database", r.DB)
	}
	if r.PasswordFile != "" && r.PasswordEnv != "" {
		k.wrongf(add(at, "password_env"), "excludes password_file: remove one of them")
	}
	if r.PasswordEnv != "" && !variableName.MatchString(r.PasswordEnv) {
		k.wrongf(add(at, "password_env"), "%q is no name of a variable", r.PasswordEnv)
	}
}

func (k *checker) directory(at []any, d *Directory) {
	if d.Path == "" {
		k.wrongf(add(at, "path"), "is missing")
	}
	k.known(add(at, "kind"), d.Kind)
	switch {
	case d.Done == "":
		k.wrongf(add(at, "done"), "is missing: where do files go that were stored as tasks?")
	case k.c.Path(d.Done) == k.c.Path(d.Path) || k.c.Path(d.Failed) == k.c.Path(d.Path):
		k.wrongf(at, "done and failed must be other directories than path")
	}
}

func (k *checker) listener(at []any, l *Listener, listens map[string]bool) {
	host, port, err := net.SplitHostPort(l.Listen)
	switch {
	case err != nil || port == "":
		k.wrongf(add(at, "listen"), "%q is no address: want host:port, such as 127.0.0.1:8055", l.Listen)
	case !Loopback(host) && !l.Locked():
		k.wrongf(add(at, "listen"), "%q can be reached from other machines: set token_file or client_ca_file, or listen on 127.0.0.1", l.Listen)
	case listens[l.Listen]:
		k.wrongf(add(at, "listen"), "%q is taken by a provider above", l.Listen)
	}
	listens[l.Listen] = true
	if l.Control && !l.Locked() {
		k.wrongf(add(at, "control"), "needs token_file or client_ca_file")
	}
	switch {
	case (l.CertFile == "") != (l.KeyFile == ""):
		k.wrongf(at, "cert_file and key_file go together")
	case l.ClientCA != "" && l.CertFile == "":
		k.wrongf(add(at, "client_ca_file"), "needs cert_file and key_file")
	}
	for i, kind := range l.Kinds {
		k.known(add(add(at, "kinds"), i), kind)
	}
	k.positive(add(at, "rate"), l.Rate)
}

// Locked reports whether callers have to show who they are.
func (l *Listener) Locked() bool { return l.TokenFile != "" || l.ClientCA != "" }

// Loopback reports whether a host is reached from this machine alone.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (k *checker) cron(at []any, name string, c Cron) {
	if len(name) > 100 {
		k.wrongf(at, "the name is too long: at most 100 bytes")
	}
	if _, err := Spec(c.Spec); err != nil {
		k.wrongf(add(at, "spec"), "%v", err)
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		k.wrongf(add(at, "zone"), "%q is no time zone: want one such as Europe/Berlin", c.Zone)
	}
	k.known(add(at, "kind"), c.Kind)
}

// known checks the name of a kind that the file or the program must have.
func (k *checker) known(path []any, kind string) {
	switch {
	case k.c.has(kind):
	case kind == "":
		k.wrongf(path, "is missing: want one of the kinds: %s", k.c.kindNames())
	default:
		k.wrongf(path, "%q is not among the kinds: %s", kind, k.c.kindNames())
	}
}

func (k *checker) positive(path []any, n int) {
	if n < 0 || n == 0 && k.c.file.find(path) != nil {
		k.wrongf(path, "%d is too few: at least 1", n)
	}
}

func (k *checker) notShort(path []any, d Duration) {
	if d != 0 && time.Duration(d) < 100*time.Millisecond {
		k.wrongf(path, "%s is too short: at least 100ms", d)
	}
}

func sorted[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
