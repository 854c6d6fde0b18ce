package guard

import (
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

func TestReleaseNumber(t *testing.T) {
	numbered := manifest.Head{Live: &manifest.Live{Release: 128, Numbered: true}}
	counted := manifest.Head{Live: &manifest.Live{Release: 4}}
	wentBack := manifest.Head{Live: &manifest.Live{Release: 2, Rollback: true}, History: []manifest.Live{{Release: 4}, {Release: 2}, {Release: 128, Numbered: true}}}
	putBack := manifest.Head{
		Live:    &manifest.Live{Release: 5, Numbered: true, Rollback: true},
		History: []manifest.Live{{Release: 6, Numbered: true, Rollback: true}, {Release: 8, Numbered: true}, {Release: 7, Numbered: true}},
	}
	for _, c := range []struct {
		name  string
		head  manifest.Head
		given int64
		allow bool
		want  int64
		fails bool
	}{
		{name: "the first", want: 1},
		{name: "counted on", head: counted, want: 5},
		{name: "counted on after going back", head: wentBack, want: 5},
		{name: "by hand between numbered ones", head: numbered, want: 128},
		{name: "the next", head: numbered, given: 129, want: 129},
		{name: "the same again", head: numbered, given: 128, want: 128},
		{name: "an older one", head: numbered, given: 127, fails: true},
		{name: "an older one, let pass", head: numbered, given: 127, allow: true, want: 127},
		{name: "numbered after counted", head: counted, given: 2, want: 2},
		{name: "the next after going back", head: putBack, given: 9, want: 9},
		{name: "the newest once more after going back", head: putBack, given: 8, want: 8},
		{name: "one that an operator went back from", head: putBack, given: 7, fails: true},
		{name: "one that an operator went back from, let pass", head: putBack, given: 7, allow: true, want: 7},
	} {
		got, err := ReleaseNumber(c.head, c.given, c.allow)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %d, %v", c.name, got, err)
		}
	}
}
