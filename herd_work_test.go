package remuda_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/remuda-go/remuda"
)

func TestStatusNames(t *testing.T) {
	for status, name := range map[remuda.Status]string{
		remuda.Pending: "pending",
		remuda.Success: "success",
		remuda.Retry:   "retry",
		remuda.Failure: "failure",
		7:              "status(7)",
		-1:             "status(-1)",
	} {
		assert.Equal(t, name, status.String())
	}
}

// Work that nobody has looked at does not look as if it had succeeded, as it
// does where success is the zero status.
func TestNewWorkIsPending(t *testing.T) {
	var zero remuda.Work[int, string]
	for _, w := range []remuda.Work[int, string]{zero, {ID: "a", Body: 1}} {
		assert.Equal(t, remuda.Pending, w.Status())
		assert.Empty(t, w.Result())
		assert.Zero(t, w.Retries())
		assert.NoError(t, w.Err())
		assert.Equal(t, bg, w.Context(), "outside of a run")
	}
	var status remuda.Status
	assert.Equal(t, "pending", status.String())
}

func TestWorkIsAPlainValue(t *testing.T) {
	w := remuda.Work[int, string]{ID: "a"}
	w.SetResult("first")
	c := w
	w.SetResult("second")
	assert.Equal(t, "first", c.Result())
	assert.Equal(t, "second", w.Result())
}
