package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/tasks"
)

type handlerFunc = func(http.ResponseWriter, *http.Request) error

// steer makes a handler of what is done to one task.
func (a *api) steer(f func(*tasks.Client, context.Context, tasks.ID) error) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, _, err := a.id(r)
		if err != nil {
			return err
		}
		if _, err := params(r); err != nil {
			return err
		}
		if err := f(a.Client, r.Context(), id); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// steerKind makes a handler of what is done to a kind.
func (a *api) steerKind(f func(*tasks.Client, context.Context, string) error) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		k, err := a.kind(r.PathValue("kind"))
		if err != nil {
			return err
		}
		if err := f(a.Client, r.Context(), k.Name()); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// mostWorkers guards against typing errors.
const mostWorkers = 100_000

// resize sets the number of workers of a kind in this process.
func (a *api) resize(w http.ResponseWriter, r *http.Request) error {
	k, err := a.kind(r.PathValue("kind"))
	if err != nil {
		return err
	}
	query, err := params(r, "workers")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(query["workers"])
	if err != nil || n < 0 || n > mostWorkers {
		return invalid("workers=%q: want 0 to %d", query["workers"], mostWorkers)
	}
	if a.Resize == nil {
		return notFound("no worker runs here: ask the process that serves")
	}
	if err := a.Resize(k.Name(), n); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// setCron sets an entry, and replaces one of the same name.
func (a *api) setCron(w http.ResponseWriter, r *http.Request) error {
	k, err := a.kind(r.PathValue("kind"))
	if err != nil {
		return err
	}
	body, err := a.body(w, r)
	if err != nil {
		return err
	}
	var c Cron
	if err := json.Unmarshal(body, &c); err != nil {
		return invalid("the body is no cron entry: %v", err)
	}
	spec, err := config.Spec(c.Spec)
	if err != nil {
		return invalid("%v", err)
	}
	err = k.Cron(r.Context(), a.Client, r.PathValue("name"), tasks.Spec{Expr: spec, Zone: c.Zone}, c.Input)
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) removeCron(w http.ResponseWriter, r *http.Request) error {
	k, err := a.kind(r.PathValue("kind"))
	if err != nil {
		return err
	}
	if err := a.Client.RemoveCron(r.Context(), k.Name(), r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
