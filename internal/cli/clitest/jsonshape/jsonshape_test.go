package jsonshape

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type inner struct {
	Name string `json:"name"`
	Size *int64 `json:"size,omitempty"`
}

type outer struct {
	inner
	At     time.Time      `json:"at,omitzero"`
	Lists  []inner        `json:"lists"`
	Named  map[string]any `json:"named"`
	Again  *outer         `json:"again,omitempty"`
	Hidden string         `json:"-"`
}

func TestEveryFieldOfADocumentIsListed(t *testing.T) {
	want := []string{
		"x name: text", "x size?: number", "x at?: instant", "x lists[].name: text", "x lists[].size?: number",
		"x named{}: anything", "x again?: as above",
	}
	if diff := cmp.Diff(want, Of("x", reflect.TypeFor[outer]())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"y [].name: text", "y [].size?: number"}, Of("y", reflect.TypeFor[[]inner]())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
