package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A line that breaks can't be erased whole.
func TestTheProgressLineEndsWithinTheTerminal(t *testing.T) {
	for columns, want := range map[int]int{0: progressWidth, 1: progressWidth, 40: 39, 80: 79, 400: progressWidth} {
		var out bytes.Buffer
		p := NewProgress(&Terminal{Err: &out, Progress: true, Columns: func() int { return columns }, Now: time.Now})
		p.Show(strings.Repeat("ä", 200))
		if got := utf8.RuneCountInString(strings.TrimPrefix(out.String(), EraseLine)); got != want {
			t.Errorf("%d columns: the line has %d, want %d", columns, got, want)
		}
	}
}
