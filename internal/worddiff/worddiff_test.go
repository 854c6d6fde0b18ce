package worddiff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// shown writes rows in a line each, with what is marked in brackets.
func shown(rows []Row) string {
	side := func(spans []Span) string {
		var out strings.Builder
		for _, s := range spans {
			if s.Marked {
				fmt.Fprintf(&out, "[%s]", s.Text)
			} else {
				out.WriteString(s.Text)
			}
		}
		return out.String()
	}
	var out []string
	for _, r := range rows {
		line := fmt.Sprintf("%s: %s | %s", r.Change, side(r.Old), side(r.New))
		if r.Change == Skipped {
			line = fmt.Sprintf("skipped: %d", r.Skipped)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		before, after []string
		want          string
	}{
		"the same": {[]string{"a", "b"}, []string{"a", "b"}, ""},
		"nothing":  {nil, nil, ""},
		"a word": {
			[]string{"Opening hours", "We open at 9 every day.", "Call us."},
			[]string{"Opening hours", "We open at 10 every day.", "Call us."},
			"same: Opening hours | Opening hours\nchanged: We open at [9] every day. | We open at [10] every day.\nsame: Call us. | Call us.",
		},
		"a sentence more is one mark": {
			[]string{"We open at 9."},
			[]string{"We open at 9. Closed on holidays."},
			"changed: We open at 9. | We open at 9.[ Closed on holidays.]",
		},
		"a new paragraph before a changed one": {
			[]string{"The office is in Main Street."},
			[]string{"Bring your papers.", "The office is in High Street."},
			"added:  | [Bring your papers.]\nchanged: The office is in [Main] Street. | The office is in [High] Street.",
		},
		"nothing in common": {
			[]string{"Old news."},
			[]string{"Fresh fruit!"},
			"deleted: [Old news.] | \nadded:  | [Fresh fruit!]",
		},
		"far from it": {
			[]string{"a", "b", "c", "d", "end"},
			[]string{"a", "b", "c", "d", "end", "more"},
			"skipped: 4\nsame: end | end\nadded:  | [more]",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, shown(Compare(tt.before, tt.after, 1))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the texts are, each side can be read out of the rows again, and what is not
// marked is the same on both sides.
func TestNothingIsLost(t *testing.T) {
	word := rapid.SampledFrom([]string{"the", "office", "opens", "at", "nine", "ten", ".", ",", " ", "ñ", "\u0301", "🏛"})
	paragraph := rapid.Map(rapid.SliceOfN(word, 1, 12), func(w []string) string { return strings.Join(w, " ") })
	text := rapid.SliceOfN(paragraph, 0, 40)
	rapid.Check(t, func(t *rapid.T) {
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		var old, changed []string
		for _, row := range Compare(before, after, len(before)+len(after)) {
			var plain [2]string
			for side, spans := range [][]Span{row.Old, row.New} {
				whole := ""
				for _, s := range spans {
					whole += s.Text
					if !s.Marked {
						plain[side] += strings.TrimSpace(s.Text)
					}
				}
				if spans != nil && side == 0 {
					old = append(old, whole)
				}
				if spans != nil && side == 1 {
					changed = append(changed, whole)
				}
			}
			if row.Change == Changed && strings.ReplaceAll(plain[0], " ", "") != strings.ReplaceAll(plain[1], " ", "") {
				t.Fatalf("what is not marked differs: %q %q", plain[0], plain[1])
			}
		}
		if cmp.Equal(before, after) {
			if old != nil || changed != nil {
				t.Fatalf("rows of texts that are the same: %q", old)
			}
			return
		}
		if strings.Join(old, "\n") != strings.Join(before, "\n") || strings.Join(changed, "\n") != strings.Join(after, "\n") {
			t.Fatalf("lost: %q became %q, %q became %q", before, old, after, changed)
		}
	})
}

// A text too large for the table is compared by what each side has once.
func TestLargeTextsAreComparedCoarsely(t *testing.T) {
	var before, after []string
	for i := range 3000 {
		before = append(before, fmt.Sprintf("line %d", i))
		after = append(after, fmt.Sprintf("line %d", i))
	}
	before[0], before[1500], before[2999] = "x", "y", "z"
	rows := Compare(before, after, 0)
	changed := 0
	for _, row := range rows {
		if row.Change != Skipped {
			changed++
		}
	}
	if changed != 6 {
		t.Errorf("%d rows differ, not 3 deleted and 3 added: %s", changed, shown(rows))
	}
}

func TestRising(t *testing.T) {
	got := rising([]pair{{0, 5}, {1, 1}, {2, 2}, {3, 0}, {4, 3}})
	if diff := cmp.Diff([]pair{{1, 1}, {2, 2}, {4, 3}}, got, cmp.AllowUnexported(pair{})); diff != "" {
		t.Error(diff)
	}
}
