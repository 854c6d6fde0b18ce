package terminal

import (
	"math"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSparkline(t *testing.T) {
	for name, c := range map[string]struct {
		numbers []float64
		want    string
	}{
		"none":           {nil, ""},
		"one":            {[]float64{7}, "█"},
		"all the same":   {[]float64{3, 3, 3}, "███"},
		"nothing at all": {[]float64{0, 0}, "▁▁"},
		"a ramp":         {[]float64{1, 2, 3, 4, 5, 6, 7, 8}, "▁▂▃▄▅▆▇█"},
		"not known":      {[]float64{-1, 8, math.NaN()}, "·█·"},
		"endless":        {[]float64{math.Inf(1), 2, 4}, "█▄█"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Sparkline(c.numbers); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestASparklineHasACharacterForEachNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOf(rapid.Float64()).Draw(t, "numbers")
		if got := utf8.RuneCountInString(Sparkline(numbers)); got != len(numbers) {
			t.Fatalf("%d characters for %d numbers", got, len(numbers))
		}
	})
}
