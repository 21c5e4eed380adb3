package report

import (
	"math"
	"slices"
)

// quantile returns the value below which the share q of the sorted values is,
// interpolated; NaN if there are none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// rounded has four significant digits, which is more than a measurement has.
func rounded(n float64) float64 {
	if n == 0 || math.IsNaN(n) || math.IsInf(n, 0) {
		return n
	}
	unit := math.Pow10(3 - int(math.Floor(math.Log10(math.Abs(n)))))
	return math.Round(n*unit) / unit
}
