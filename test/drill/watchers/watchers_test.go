//go:build unix

package main

import (
	"testing"
	"time"
)

// Pages that are open see every state of a release. How soon, make drill-watchers
// shows: a test has no stopwatch.
func TestEveryOpenPageSeesEveryState(t *testing.T) {
	d := drill{watchers: 60, releases: 1, within: time.Hour, memory: 150}
	found, err := d.run(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(found)
	if err := found.judge(d); err != nil {
		t.Error(err, found.wrong)
	}
	if found.states < 5 {
		t.Errorf("too little happened: %s", found)
	}
}

func TestABrokenPromiseFailsTheDrill(t *testing.T) {
	d := drill{watchers: 1, within: time.Second, memory: 150}
	for name, f := range map[string]figures{
		"a state was missed": {missed: 1, measured: true}, "the server is too large": {memory: 150, measured: true},
	} {
		if f.judge(d) == nil {
			t.Errorf("%s, and the drill passes", name)
		}
	}
	if err := (figures{memory: 149, measured: true}).judge(d); err != nil {
		t.Error(err)
	}
}
