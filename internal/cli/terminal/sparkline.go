package terminal

import "math"

// blocks are the eighths of a character's height, U+2581 to U+2588.
var blocks = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws numbers, none below 0, as one character each, the largest of them as
// a whole block and any other by its share of that. A number below 0 or none (NaN) is
// not known, and drawn as a dot.
func Sparkline(numbers []float64) string {
	most := 0.0
	for _, n := range numbers {
		if !math.IsNaN(n) && !math.IsInf(n, 0) {
			most = max(most, n)
		}
	}
	out := make([]rune, 0, len(numbers))
	for _, n := range numbers {
		switch {
		case math.IsNaN(n) || n < 0:
			out = append(out, '·')
		case most == 0:
			out = append(out, blocks[0])
		default:
			level := int(math.Ceil(n/most*float64(len(blocks)))) - 1
			out = append(out, blocks[min(max(level, 0), len(blocks)-1)])
		}
	}
	return string(out)
}
