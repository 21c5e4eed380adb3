package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Print returns what is in force as YAML, each value with where it comes from: a
// line of the file, or the default.
func (c *Config) Print() ([]byte, error) {
	full := c.WithDefaults()
	comments := make(yaml.CommentMap)
	c.origins(comments, reflect.ValueOf(*full), nil)
	return yaml.MarshalWithOptions(full, yaml.WithComment(comments), yaml.IndentSequence(true))
}

func (c *Config) origins(comments yaml.CommentMap, v reflect.Value, path []any) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); key != "" {
				c.origins(comments, v.Field(i), add(path, key))
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			c.origins(comments, v.MapIndex(key), add(path, key.String()))
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.origins(comments, v.Index(i), add(path, i))
		}
	default:
		if v.IsZero() {
			return
		}
		origin := " default"
		if n := c.file.find(path); n != nil {
			origin = fmt.Sprintf(" %s:%d", c.file.name, n.GetToken().Position.Line)
		}
		comments[pathString(path)] = []*yaml.Comment{yaml.LineComment(origin)}
	}
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
