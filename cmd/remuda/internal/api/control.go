package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

type handlerFunc = func(http.ResponseWriter, *http.Request) error

// steer makes a handler of what is done to one task.
func steer(f func(context.Context, tasks.ID) error) handlerFunc {
	return done(func(r *http.Request) error { return f(r.Context(), idOf(r)) })
}

// steerKind makes a handler of what is done to a kind.
func steerKind(f func(context.Context, string) error) handlerFunc {
	return done(func(r *http.Request) error { return f(r.Context(), r.PathValue("kind")) })
}

// done makes a handler of what takes no parameters and answers with nothing.
func done(f func(*http.Request) error) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := params(r); err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// resize sets the number of workers of a kind in this process.
func (a *api) resize(w http.ResponseWriter, r *http.Request) error {
	query, err := params(r, "workers")
	if err != nil {
		return err
	}
	if query["workers"] == "" {
		return service.Invalid("workers is missing")
	}
	n, err := numberOf("workers", query["workers"])
	if err != nil {
		return err
	}
	if err := a.service.Resize(r.Context(), r.PathValue("kind"), n); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// cron answers with the entries.
func (a *api) cron(w http.ResponseWriter, r *http.Request) error {
	query, err := params(r, "kind")
	if err != nil {
		return err
	}
	all, err := a.service.Cron(r.Context(), query["kind"])
	if err != nil {
		return err
	}
	entries := make([]CronEntry, 0, len(all))
	for _, e := range all {
		one := CronEntry{Kind: e.Kind, Name: e.Name, Next: e.Next, Cron: Cron{Spec: e.Spec.Expr, Zone: e.Spec.Zone}}
		if json.Valid(e.Input) {
			one.Input = e.Input
		}
		entries = append(entries, one)
	}
	writeJSON(w, http.StatusOK, entries)
	return nil
}

// setCron sets an entry, and replaces one of the same name.
func (a *api) setCron(w http.ResponseWriter, r *http.Request) error {
	if _, err := params(r); err != nil {
		return err
	}
	body, err := a.body(w, r)
	if err != nil {
		return err
	}
	var c Cron
	if err := json.Unmarshal(body, &c); err != nil {
		return service.Invalid("the body is no cron entry: %v", err)
	}
	err = a.service.SetCron(r.Context(), tasks.CronEntry{
		Kind: r.PathValue("kind"), Name: r.PathValue("name"), Spec: tasks.Spec{Expr: c.Spec, Zone: c.Zone}, Input: c.Input,
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) removeCron(r *http.Request) error {
	return a.service.RemoveCron(r.Context(), r.PathValue("kind"), r.PathValue("name"))
}
