package config

// AllowControl sets control at every HTTP provider, as if the file said so. It
// returns [Faults] for each that accepts any caller, and if there is none.
func (c *Config) AllowControl() error {
	k := &checker{c: c}
	some := false
	for i, p := range c.Providers {
		if p.HTTP == nil {
			continue
		}
		some = true
		if !p.HTTP.Locked() {
			k.wrongf([]any{"providers", i, "http"}, "--allow-control needs token_file or client_ca_file")
			continue
		}
		l := *p.HTTP
		l.Control = true
		c.Providers[i].HTTP = &l
	}
	if !some {
		k.faults = append(k.faults, Fault{File: c.Name(), Text: "--allow-control needs an http provider, such as {http: {listen: 127.0.0.1:8055, token_file: token}}"})
	}
	if len(k.faults) > 0 {
		return k.faults
	}
	return nil
}
