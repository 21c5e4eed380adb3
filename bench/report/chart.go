package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"
)

//go:embed chart.svg.tmpl
var chartText string

// Sizes in the chart, in pixels.
const (
	chartWidth = 760
	labelWidth = 110
	valueWidth = 110
	barHeight  = 14
	barStep    = 18
	groupStep  = 34
	margin     = 16
	headHeight = 66
)

type chart struct {
	Title         string
	Width, Height int
	Groups        []group
}

// A group is a cell; each has a scale of its own.
type group struct {
	Y    int
	Name string
	Bars []bar
}

type bar struct {
	Y, Width, TextX int
	Name, Kind      string
	Value           string
}

// Chart renders the charted cells of a scenario as horizontal bars.
func Chart(s Scenario) ([]byte, error) {
	c := chart{Title: s.Title, Width: chartWidth, Height: headHeight}
	for _, cell := range s.Cells {
		if cell.Charted {
			c.add(cell)
		}
	}
	c.Height += margin
	t, err := template.New("chart").Parse(chartText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, c)
	return out.Bytes(), err
}

func (c *chart) add(cell Cell) {
	g := group{Y: c.Height, Name: fmt.Sprintf("%s, %s", cell.Name, cell.Unit)}
	most := 0.0
	for _, s := range cell.Series {
		most = max(most, s.Median)
	}
	c.Height += barHeight
	for _, s := range cell.Series {
		m := s.Median
		b := bar{Y: c.Height, Name: s.Contender, Kind: s.Kind, Value: number(m), Width: 1}
		if most > 0 {
			b.Width = max(1, int(m/most*(chartWidth-labelWidth-valueWidth)))
		}
		b.TextX = labelWidth + b.Width + 6
		g.Bars = append(g.Bars, b)
		c.Height += barStep
	}
	c.Height += groupStep - barHeight
	c.Groups = append(c.Groups, g)
}
