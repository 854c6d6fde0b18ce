package worddiff

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Change says how the two sides of a row differ.
type Change string

// The changes.
const (
	Same    Change = "same"
	Changed Change = "changed"
	Added   Change = "added"   // the old text has no such paragraph
	Deleted Change = "deleted" // the new text has none
	// Skipped stands for paragraphs that are the same and far from any that differ.
	Skipped Change = "skipped"
)

// Span is a part of a paragraph; Marked when the other side has other words there.
type Span struct {
	Text   string
	Marked bool
}

// Row is an old paragraph beside a new one.
type Row struct {
	Change   Change
	Old, New []Span
	Skipped  int // how many paragraphs a skipped row stands for
}

// Compare sets two texts, given as their paragraphs, beside each other. Of the paragraphs
// that are the same, context stay around each difference. Equal texts have no rows.
func Compare(before, after []string, context int) []Row {
	var rows []Row
	i, j := 0, 0
	differ := false
	upTo := func(p pair) {
		differ = differ || i < p.old || j < p.new
		rows = append(rows, beside(before[i:p.old], after[j:p.new])...)
		i, j = p.old, p.new
	}
	for _, p := range common(before, after) {
		upTo(p)
		text := []Span{{Text: before[i]}}
		rows = append(rows, Row{Change: Same, Old: text, New: text})
		i, j = i+1, j+1
	}
	upTo(pair{len(before), len(after)})
	if !differ {
		return nil
	}
	return near(rows, context)
}

// near leaves out rows that are the same and further than context rows from a difference.
func near(rows []Row, context int) []Row {
	keep := make([]bool, len(rows))
	for i, row := range rows {
		if row.Change == Same {
			continue
		}
		for k := max(0, i-context); k <= min(len(rows)-1, i+context); k++ {
			keep[k] = true
		}
	}
	var out []Row
	for i, row := range rows {
		switch {
		case keep[i]:
			out = append(out, row)
		case len(out) > 0 && out[len(out)-1].Change == Skipped:
			out[len(out)-1].Skipped++
		default:
			out = append(out, Row{Change: Skipped, Skipped: 1})
		}
	}
	return out
}

// maxBeside bounds how many paragraphs in a row are paired by likeness, on each side.
const maxBeside = 32

// beside pairs differing paragraphs by likeness, in order.
func beside(before, after []string) []Row {
	var rows []Row
	i, j := 0, 0
	upTo := func(p pair) {
		for ; i < p.old; i++ {
			rows = append(rows, Row{Change: Deleted, Old: []Span{{before[i], true}}})
		}
		for ; j < p.new; j++ {
			rows = append(rows, Row{Change: Added, New: []Span{{after[j], true}}})
		}
	}
	for _, p := range alike(before, after) {
		upTo(p)
		old, changed := Words(before[i], after[j])
		rows = append(rows, Row{Change: Changed, Old: old, New: changed})
		i, j = i+1, j+1
	}
	upTo(pair{len(before), len(after)})
	return rows
}

// leastAlike is the share of words (0 to 1) that a paragraph and its successor have in
// common at least.
const leastAlike = 0.4

// alike are the pairs whose likeness together is the greatest.
func alike(before, after []string) []pair {
	if len(before) == 0 || len(after) == 0 || len(before) > maxBeside || len(after) > maxBeside {
		return nil
	}
	width := len(after) + 1
	best := make([]float64, (len(before)+1)*width)
	like := make([]float64, (len(before)+1)*width)
	tokensOld, tokensNew := tokensOf(before), tokensOf(after)
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			at := i*width + j
			like[at] = likeness(tokensOld[i], tokensNew[j])
			best[at] = max(best[at+width], best[at+1])
			if like[at] >= leastAlike {
				best[at] = max(best[at], best[at+width+1]+like[at])
			}
		}
	}
	var out []pair
	for i, j := 0, 0; i < len(before) && j < len(after); {
		at := i*width + j
		switch {
		case like[at] >= leastAlike && best[at] == best[at+width+1]+like[at]:
			out = append(out, pair{i, j})
			i, j = i+1, j+1
		case best[at] == best[at+width]:
			i++
		default:
			j++
		}
	}
	return out
}

func tokensOf(paragraphs []string) [][]string {
	out := make([][]string, len(paragraphs))
	for i, p := range paragraphs {
		for _, token := range tokens(p) {
			if isWord(token) {
				out[i] = append(out[i], token)
			}
		}
	}
	return out
}

// likeness is the share of words that two paragraphs have in common, wherever they stand.
func likeness(a, b []string) float64 {
	most := max(len(a), len(b))
	if most == 0 {
		return 0
	}
	times := make(map[string]int, len(a))
	for _, word := range a {
		times[word]++
	}
	shared := 0
	for _, word := range b {
		if times[word] > 0 {
			times[word]--
			shared++
		}
	}
	return float64(shared) / float64(most)
}

// Words compares two paragraphs word by word.
func Words(before, after string) (old, changed []Span) {
	a, b := tokens(before), tokens(after)
	i, j := 0, 0
	upTo := func(p pair) {
		old = mark(old, strings.Join(a[i:p.old], ""), true)
		changed = mark(changed, strings.Join(b[j:p.new], ""), true)
		i, j = p.old, p.new
	}
	for _, p := range common(a, b) {
		upTo(p)
		old, changed = mark(old, a[i], false), mark(changed, b[j], false)
		i, j = i+1, j+1
	}
	upTo(pair{len(a), len(b)})
	return bridged(old), bridged(changed)
}

func mark(spans []Span, text string, marked bool) []Span {
	if text == "" {
		return spans
	}
	if last := len(spans) - 1; last >= 0 && spans[last].Marked == marked {
		spans[last].Text += text
		return spans
	}
	return append(spans, Span{text, marked})
}

// bridged marks the space between two marked words too, so that a new sentence is one
// mark and not one for each word.
func bridged(spans []Span) []Span {
	var out []Span
	for i, s := range spans {
		between := i > 0 && i+1 < len(spans) && strings.TrimSpace(s.Text) == ""
		out = mark(out, s.Text, s.Marked || between)
	}
	return out
}

// tokens are a text's words, and each other character by itself.
func tokens(text string) []string {
	var out []string
	for text != "" {
		end := strings.IndexFunc(text, func(r rune) bool { return !inWord(r) })
		switch {
		case end < 0:
			end = len(text)
		case end == 0:
			_, end = utf8.DecodeRuneInString(text)
		}
		out = append(out, text[:end])
		text = text[end:]
	}
	return out
}

func isWord(token string) bool {
	r, _ := utf8.DecodeRuneInString(token)
	return inWord(r)
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
