package main

import (
	"strings"
	"testing"
)

// Each cell of the table works on the systems that need no server of their own.
func TestCells(t *testing.T) {
	for _, m := range makers {
		if m.name != ours && m.name != "goqite" && m.name != floorName {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			s, err := m.make(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.close(); err != nil {
					t.Error(err)
				}
			}()
			for _, c := range cells {
				if c.name == "runs again after kill -9, s" {
					continue // it starts the program itself
				}
				if v, err := c.run(t.Context(), s, sizes{tasks: 64, waiting: 128}); err != errUnsupported && (err != nil || v <= 0 && !strings.HasPrefix(c.name, "memory")) {
					t.Errorf("%s: %v a second, %v", c.name, v, err)
				}
			}
			if left, err := s.left(t.Context()); left > 128 || err != nil {
				t.Errorf("%d tasks are left, %v", left, err)
			}
		})
	}
}
