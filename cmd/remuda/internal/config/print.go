package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Print returns what is in force as YAML, each value with where it comes from: a
// line of the file, or the default. What has no value, such as a timeout that is none, is
// not there.
func (c *Config) Print() ([]byte, error) {
	v, origins := c.shown()
	comments := make(yaml.CommentMap)
	for _, o := range origins {
		comments[o.path] = []*yaml.Comment{yaml.LineComment(" " + o.from)}
	}
	return yaml.MarshalWithOptions(v, yaml.WithComment(comments), yaml.IndentSequence(true))
}

// PrintJSON returns the same as JSON in one line: the config, and where each value comes
// from.
func (c *Config) PrintJSON() ([]byte, error) {
	v, origins := c.shown()
	text, err := yaml.Marshal(v)
	if err != nil {
		return nil, err
	}
	plain := map[string]any{} // an empty config is {}
	if err := yaml.Unmarshal(text, &plain); err != nil {
		return nil, err
	}
	from := make(map[string]string, len(origins))
	for _, o := range origins {
		from[o.key] = o.from
	}
	return json.Marshal(map[string]any{"config": plain, "from": from})
}

// An origin is where a value comes from.
type origin struct{ path, key, from string }

// shown returns what is in force, in the order of the keys, and where it comes from.
func (c *Config) shown() (yaml.MapSlice, []origin) {
	full := c.WithDefaults()
	for name, k := range full.Kinds {
		if !c.inProgram(name) {
			k.Lease, k.Queued = or(k.Lease, defaultLease), or(k.Queued, defaultQueued)
			full.Kinds[name] = k
		}
	}
	for name, entry := range full.Cron {
		entry.Zone = or(entry.Zone, "UTC")
		full.Cron[name] = entry
	}
	s := &shower{c: c}
	return s.fields(reflect.ValueOf(*full), nil), s.origins
}

// What the queue of a kind has that was made without another word. One that exists keeps
// what it has.
const (
	defaultLease  = Duration(30 * time.Second)
	defaultQueued = 1_000_000
	ofQueue       = "default, if the queue is made anew"
)

// A shower makes of a config what is marshalled in its order.
type shower struct {
	c       *Config
	origins []origin
}

func (s *shower) fields(v reflect.Value, path []any) (all yaml.MapSlice) {
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		f := v.Field(i)
		empty := f.IsZero() && f.Kind() != reflect.Bool || f.Kind() == reflect.Map && f.Len() == 0 || f.Kind() == reflect.Slice && f.Len() == 0
		if key != "" && !empty {
			all = append(all, yaml.MapItem{Key: key, Value: s.value(f, add(path, key))})
		}
	}
	return all
}

func (s *shower) value(v reflect.Value, path []any) any {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		return s.fields(v, path)
	case reflect.Map:
		all := yaml.MapSlice{}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			all = append(all, yaml.MapItem{Key: key.String(), Value: s.value(v.MapIndex(key), add(path, key.String()))})
		}
		return all
	case reflect.Slice:
		all := make([]any, v.Len())
		for i := range all {
			all[i] = s.value(v.Index(i), add(path, i))
		}
		return all
	}
	o := origin{path: pathString(path), key: keyOf(path), from: "default"}
	if n := s.c.file.find(path); n != nil {
		o.from = fmt.Sprintf("%s:%d", s.c.file.name, n.GetToken().Position.Line)
	} else if last := path[len(path)-1]; last == "lease" || last == "queued" {
		o.from = ofQueue
	}
	s.origins = append(s.origins, o)
	if !v.IsValid() { // null, in an input
		return nil
	}
	return v.Interface()
}

func pathString(path []any) string {
	b := (&yaml.PathBuilder{}).Root()
	for _, step := range path {
		switch step := step.(type) {
		case int:
			b = b.Index(uint(step))
		case string:
			b = b.Child(step)
		}
	}
	return b.Build().String()
}

// WithDefaults returns the config with what is not said in the file.
func (c *Config) WithDefaults() *Config {
	full := *c
	full.Grace = or(c.Grace, Duration(20*time.Second))
	if len(c.NATS) == 0 {
		store := Store{}
		if c.Store != nil {
			store = *c.Store
		}
		store.Dir = or(store.Dir, "var/remuda")
		full.Store = &store
	}
	full.Kinds = make(map[string]Kind, len(c.Kinds))
	for name, k := range c.Kinds {
		if !c.inProgram(name) {
			k = k.withDefaults()
		}
		full.Kinds[name] = k
	}
	full.Cron = maps.Clone(c.Cron)
	full.Providers = make([]Provider, len(c.Providers))
	for i, p := range c.Providers {
		full.Providers[i] = p.withDefaults()
	}
	return &full
}

const (
	defaultOutput = Size(512_000)
	defaultBody   = Size(900_000)
)

func (k Kind) withDefaults() Kind {
	k.Attempts = or(k.Attempts, 20)
	k.Keep = or(k.Keep, Duration(time.Hour))
	b := Backoff{}
	if k.Backoff != nil {
		b = *k.Backoff
	}
	b.First = or(b.First, min(Duration(time.Second), or(b.Most, Duration(time.Second))))
	b.Most = or(b.Most, max(Duration(10*time.Minute), b.First))
	k.Backoff = &b
	if k.Command != nil {
		c := *k.Command
		c.Workers, c.Output, c.Grace = or(c.Workers, 1), or(c.Output, defaultOutput), or(c.Grace, Duration(5*time.Second))
		k.Command = &c
	}
	if k.HTTP != nil {
		h := *k.HTTP
		h.Workers, h.Output, h.Patience = or(h.Workers, 1), or(h.Output, defaultOutput), or(h.Patience, Duration(time.Hour))
		k.HTTP = &h
	}
	return k
}

func (p Provider) withDefaults() Provider {
	if p.Directory != nil {
		d := *p.Directory
		d.Failed, d.Settle = or(d.Failed, d.Path+"/failed"), or(d.Settle, Duration(time.Second))
		p.Directory = &d
	}
	if p.Redis != nil {
		r := *p.Redis
		r.From = or(r.From, "right")
		p.Redis = &r
	}
	if p.HTTP != nil {
		l := *p.HTTP
		l.Body, l.Rate = or(l.Body, defaultBody), or(l.Rate, 1000)
		p.HTTP = &l
	}
	return p
}

// Workers is how many tasks of the kind run at a time in this process.
func (k Kind) Workers() int {
	switch {
	case k.Command != nil:
		return or(k.Command.Workers, 1)
	case k.HTTP != nil:
		return or(k.HTTP.Workers, 1)
	}
	return 0
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
