package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed atwork.svg.tmpl
var pictureText string

// Sizes in the picture, in pixels.
const (
	width      = 860
	left       = 76 // of the lanes
	right      = 14
	lanesTop   = 62
	laneHeight = 15
	laneStep   = 20
	queueGap   = 12 // between the lanes and what the queue holds
	queueMost  = 56
	foot       = 24 // below the queue
)

type picture struct {
	Width, Height          int
	LanesBottom, LaneWidth int
	QueueBottom            int
	Left, Right            int
	Lanes                  []lane
	Bars                   []bar
	Marks                  []mark
	Ticks                  []mark
	Queue                  string // the points of a polygon
	Deepest, DeepestY      int
	DeepestX               float64
	Runs, Millis, TickY    int
}

type lane struct {
	Y, Text int
	Name    string
}

type bar struct {
	X, Width float64
	Y        int
	Kind     string
}

// A mark is a time at which something was called, or that the axis names.
type mark struct {
	X, TextX float64
	Text     string
}

// draw makes the picture of a record.
func draw(r *record) ([]byte, error) {
	workers := workersOf(r)
	p := picture{
		Width: width, Left: left, Right: width - right, LaneWidth: width - left - right, LanesBottom: lanesTop + len(workers)*laneStep,
		Runs: len(r.spans), Millis: int(r.end.Milliseconds()),
	}
	p.QueueBottom = p.LanesBottom + queueGap + queueMost
	p.TickY = p.QueueBottom + 16
	p.Height = p.QueueBottom + foot
	x := func(at time.Duration) float64 {
		return left + float64(at)/float64(r.end)*(width-left-right)
	}
	for i := range workers {
		y := lanesTop + i*laneStep
		p.Lanes = append(p.Lanes, lane{Y: y, Text: y + 12, Name: fmt.Sprintf("worker %d", i+1)})
	}
	for _, s := range r.spans {
		b := bar{X: x(s.begin), Width: max(1, x(s.end)-x(s.begin)-1), Y: lanesTop + slices.Index(workers, s.worker)*laneStep, Kind: "run"}
		if s.panicked {
			b.Kind = "panicked"
		}
		p.Bars = append(p.Bars, b)
	}
	for _, c := range r.calls {
		p.Marks = append(p.Marks, mark{X: x(c.at), TextX: x(c.at) + 4, Text: c.text})
	}
	for at := time.Duration(0); at < r.end; at += 250 * time.Millisecond {
		p.Ticks = append(p.Ticks, mark{X: x(at), Text: fmt.Sprintf("%d ms", at.Milliseconds())})
	}
	p.addQueue(r, x)
	t, err := template.New("picture").Parse(pictureText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, p)
	return out.Bytes(), err
}

// workersOf returns the numbers of the workers, in their order.
func workersOf(r *record) (workers []int) {
	for _, s := range r.spans {
		workers = append(workers, s.worker)
	}
	slices.Sort(workers)
	return slices.Compact(workers)
}

// addQueue draws how many inputs wait, as steps.
func (p *picture) addQueue(r *record, x func(time.Duration) float64) {
	for _, d := range r.depth {
		if d.queued > p.Deepest {
			p.Deepest, p.DeepestX = d.queued, x(d.at)
		}
	}
	p.DeepestY = p.QueueBottom - queueMost
	y := func(queued int) float64 {
		return float64(p.QueueBottom) - float64(queued)/float64(max(1, p.Deepest))*queueMost
	}
	var points strings.Builder
	fmt.Fprintf(&points, "%d,%d", left, p.QueueBottom)
	before := 0
	for _, d := range r.depth {
		if d.queued != before {
			fmt.Fprintf(&points, " %.1f,%.1f %.1f,%.1f", x(d.at), y(before), x(d.at), y(d.queued))
			before = d.queued
		}
	}
	fmt.Fprintf(&points, " %d,%.1f %d,%d", p.Right, y(before), p.Right, p.QueueBottom)
	p.Queue = points.String()
}
