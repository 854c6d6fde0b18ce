package bake

import (
	"slices"
	"testing"

	"github.com/pressrun/pressrun/internal/bake/state"
)

func TestWhatRequestsNameIsFoundAmongTheTags(t *testing.T) {
	last := &state.Bake{Pages: []*state.Page{
		{Address: "/", Tags: []string{"node_list:article", "node_list", "config:system.menu.main", "rendered"}},
		{Address: "/hours/", Tags: []string{"node:12", "user:12", "rendered"}},
		{Address: "/other/", Tags: []string{"node:112", "node:13"}},
	}}
	lists := []string{"node_list", "node_list:article"}
	for _, c := range []struct {
		entities, want []string
		known          bool
	}{
		{[]string{"article/12"}, append([]string{"node:12", "user:12"}, lists...), true},
		{[]string{"article/99"}, lists, true}, // a new one: the lists will name it
		{[]string{"menu/main"}, append([]string{"config:system.menu.main"}, lists...), true},
		{[]string{"article/12", "article/"}, nil, false},
		{nil, nil, false},
	} {
		got, known := changesOf(c.entities, last)
		slices.Sort(c.want)
		if known != c.known || !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, %v; want %v", c.entities, got, known, c.want)
		}
	}
	plain := &state.Bake{Pages: []*state.Page{{Address: "/", Tags: []string{"post-12"}}}}
	if got, known := changesOf([]string{"post/12"}, plain); !known || !slices.Equal(got, []string{"post-12"}) {
		t.Errorf("%v, %v", got, known)
	}
	if _, known := changesOf([]string{"post/13"}, plain); known {
		t.Error("a new entry is taken to change nothing, of a CMS without tags of lists")
	}
	if _, known := changesOf([]string{"post/12"}, nil); known {
		t.Error("it is known what changed since no bake")
	}
}
