package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A limit keeps the newest of the kinds that are shown, whatever there is of others.
func TestALimitKeepsTheNewest(t *testing.T) {
	t.Parallel()
	c := store(t)
	kinds := make(map[string]service.KindOf)
	for _, name := range []string{"a", "b", "hidden"} {
		kinds[name] = tasks.Define[[]byte, []byte](name, tasks.Codec(tasks.Raw))
	}
	for _, id := range []tasks.ID{"a.1", "b.2", "a.3", "hidden.4", "b.5", "hidden.6"} {
		_, err := kinds[id.Kind()].Push(t.Context(), c, nil, tasks.WithID(id.Name()))
		require.NoError(t, err)
	}
	h := api.New(&service.Service{Client: c, Body: 1000, Kind: func(name string) (service.KindOf, bool) {
		k, ok := kinds[name]
		return k, ok && name != "hidden"
	}})
	list := func(query string) (ids []tasks.ID) {
		w := ask(h, request{method: "GET", target: "/v1/tasks?" + query})
		for line := range strings.Lines(w.Body.String()) {
			var one api.Task
			require.NoError(t, json.Unmarshal([]byte(line), &one))
			ids = append(ids, one.ID)
		}
		return ids
	}
	assert.Equal(t, []tasks.ID{"b.2", "a.3", "b.5"}, list("limit=3"))
	assert.Equal(t, []tasks.ID{"a.3"}, list("limit=1&kind=a"))
	assert.ElementsMatch(t, []tasks.ID{"a.1", "b.2", "a.3", "b.5"}, list("limit=9"))
	assert.ElementsMatch(t, []tasks.ID{"a.1", "b.2", "a.3", "b.5"}, list(""))
}
