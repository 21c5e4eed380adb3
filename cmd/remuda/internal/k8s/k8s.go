// Package k8s writes Kubernetes manifests for a config. They are text: what applies them
// is kubectl, or whatever the user has.
package k8s

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
)

// Options are what the config does not say.
type Options struct {
	Name, Namespace, Image string
	Storage                string // of the volume of one node, as in 10Gi
	Most                   int    // replicas of the workers of a kind in a cluster
	Lag                    int    // tasks that wait, for each replica
	Monitoring             string // host:port of the NATS server's monitoring
	Account                string // of NATS; "$G" is the one without accounts
}

var (
	//go:embed node.yaml.tmpl
	node string
	//go:embed cluster.yaml.tmpl
	cluster string
	//go:embed common.yaml.tmpl
	common string
)

// root is where the config is in a container: paths of it are relative to this.
const root = "/srv"

// A page is what the templates read.
type page struct {
	Options
	Config, Sum string
	Grace       int // seconds, of the pod
	Files       []file
	Variables   []string // of the environment that the config names, of the whole of it
	Intake      []string // those of the providers
	Ports       []port
	Groups      []group
}

// A file is a secret that the config names.
type file struct{ Key, Path string }

type port struct {
	Name string
	Port int
}

// A group is the kinds that one Deployment of workers runs.
type group struct {
	Kind, Name string
	Variables  []string
}

// Node writes manifests for one process with a volume.
func Node(cfg *config.Config, text []byte, o Options) ([]byte, error) {
	if len(cfg.NATS) > 0 {
		return nil, errors.New("the config has nats: ask for --cluster")
	}
	return render(node, cfg, text, o)
}

// Cluster writes manifests for a NATS cluster that is there already: what takes tasks, and
// workers for each kind, which KEDA scales.
func Cluster(cfg *config.Config, text []byte, o Options) ([]byte, error) {
	if len(cfg.NATS) == 0 {
		return nil, errors.New("a cluster needs nats in the config, such as nats: [nats://nats.nats.svc:4222]")
	}
	for i, p := range cfg.Providers {
		if p.Directory != nil {
			return nil, fmt.Errorf("providers[%d].directory: a cluster has no directory that all see: take it out", i)
		}
	}
	return render(cluster, cfg, text, o)
}

func render(text string, cfg *config.Config, source []byte, o Options) ([]byte, error) {
	sum := sha256.Sum256(source)
	full := cfg.WithDefaults()
	p := page{
		Options: o, Config: string(source), Sum: hex.EncodeToString(sum[:8]),
		Grace: int(time.Duration(full.Grace)/time.Second) + 10,
	}
	for name, k := range full.Kinds {
		if k.Workers() == 0 {
			continue
		}
		g := group{Kind: name, Name: o.Name + "-" + dns(name)}
		if k.HTTP != nil {
			g.Variables = k.HTTP.Variables()
		}
		p.Groups = append(p.Groups, g)
		p.Variables = append(p.Variables, g.Variables...)
	}
	for _, name := range cfg.Program() {
		p.Groups = append(p.Groups, group{Kind: name, Name: o.Name + "-" + dns(name)})
	}
	slices.SortFunc(p.Groups, func(a, b group) int { return strings.Compare(a.Kind, b.Kind) })
	if err := distinct(p.Groups); err != nil {
		return nil, err
	}
	for _, provider := range full.Providers {
		if err := p.provider(provider); err != nil {
			return nil, err
		}
	}
	p.Variables = unique(append(p.Variables, p.Intake...))
	p.Intake = unique(p.Intake)
	t, err := template.New("").Funcs(template.FuncMap{"quote": quote, "env": envOf}).Parse(common)
	if err == nil {
		_, err = t.New("page").Parse(text)
	}
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.ExecuteTemplate(&b, "page", p)
	return b.Bytes(), err
}

// provider adds the ports and the secrets of a provider.
func (p *page) provider(c config.Provider) error {
	var names []string
	if h := c.HTTP; h != nil {
		names = append(names, h.TokenFile, h.CertFile, h.KeyFile, h.ClientCA)
		host, text, _ := net.SplitHostPort(h.Listen) // it was checked
		if n, err := strconv.Atoi(text); err == nil && !config.Loopback(host) {
			p.Ports = append(p.Ports, port{Name: "http-" + text, Port: n})
		}
	}
	if c.Redis != nil {
		names = append(names, c.Redis.PasswordFile)
		if name := c.Redis.PasswordEnv; name != "" {
			p.Intake = append(p.Intake, name)
		}
	}
	for _, name := range names {
		f := file{Key: path.Base(name), Path: inside(name)}
		if name == "" || slices.Contains(p.Files, f) {
			continue
		}
		if i := slices.IndexFunc(p.Files, func(other file) bool { return other.Key == f.Key }); i >= 0 {
			return fmt.Errorf("the files %s and %s would have the same key in the secret, %s: rename one", p.Files[i].Path, f.Path, f.Key)
		}
		p.Files = append(p.Files, f)
	}
	return nil
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func inside(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(root, name)
}

// dns makes of a kind what a name in Kubernetes may have.
func dns(kind string) string {
	return strings.Trim(strings.ReplaceAll(strings.ToLower(kind), "_", "-"), "-")
}

func distinct(groups []group) error {
	seen := make(map[string]string)
	for _, g := range groups {
		if other, ok := seen[g.Name]; ok {
			return fmt.Errorf("the kinds %s and %s have the same name in Kubernetes, %s: rename one", other, g.Kind, g.Name)
		}
		seen[g.Name] = g.Kind
	}
	return nil
}

// quote writes text as YAML reads it whatever is in it.
func quote(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// env is what the template of that name reads: the variables of one container.
type env struct {
	Name      string // of the secret
	Variables []string
}

func envOf(name string, variables []string) env { return env{name, variables} }
