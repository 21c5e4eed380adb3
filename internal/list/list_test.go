package list_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/list"
)

type element struct {
	links list.Links[element]
	n     int
}

type elements = list.List[element]

// requireElements walks through the list.
func requireElements(t *testing.T, l *elements, want []*element) {
	t.Helper()
	var got []*element
	for e := l.First(); e != nil; e = l.Next(&e.links) {
		got = append(got, e)
		require.LessOrEqual(t, len(got), len(want))
	}
	require.True(t, slices.Equal(want, got))
	require.Equal(t, len(want), l.Len())
}

func TestEmpty(t *testing.T) {
	var l elements
	requireElements(t, &l, nil)
}

// Whatever is done, the list is what a slice would be, and can be emptied from both ends.
func TestList(t *testing.T) {
	var l elements
	var want, out []*element
	for i := range 2_000 {
		var e *element
		if n := len(out); n > 0 {
			e, out = out[n-1], out[:n-1] // one that was removed is used again
		} else {
			e = &element{n: i}
		}
		at := 0
		if len(want) > 0 {
			at = rand.IntN(len(want))
		}
		switch op := rand.IntN(8); {
		case op == 0:
			l.PushFront(e, &e.links)
			want = slices.Insert(want, 0, e)
		case op == 1:
			l.PushBack(e, &e.links)
			want = append(want, e)
		case op == 2 && len(want) > 0:
			l.InsertBefore(e, &e.links, &want[at].links)
			want = slices.Insert(want, at, e)
		case op == 3:
			l.InsertBefore(e, &e.links, nil)
			want = append(want, e)
		case len(want) > 0:
			l.Remove(&want[at].links)
			out = append(out, e, want[at])
			want = slices.Delete(want, at, at+1)
		}
		requireElements(t, &l, want)
	}
	for len(want) > 0 {
		l.Remove(&want[len(want)-1].links)
		want = want[:len(want)-1]
		requireElements(t, &l, want)
	}
}

// Nothing of a list stays in an element that was removed.
func TestRemovedElement(t *testing.T) {
	var l elements
	e := [3]element{}
	for i := range e {
		l.PushBack(&e[i], &e[i].links)
	}
	l.Remove(&e[1].links)
	require.Nil(t, l.Next(&e[1].links))
	require.Equal(t, element{}, e[1])
	requireElements(t, &l, []*element{&e[0], &e[2]})
}
