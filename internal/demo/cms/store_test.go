package cms

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestContentSurvivesARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cms.json")
	first := newCMS(t, Options{File: file, Publisher: &recorder{}})
	must(t)(first.Create(edit(), "Maya"))
	must(t)(first.Delete("3", "Maya"))
	second := newCMS(t, Options{File: file})
	if diff := cmp.Diff(first.store.read(), second.store.read()); diff != "" {
		t.Errorf("state after restart (-want +got):\n%s", diff)
	}
	if rest, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".cms-*")); err != nil || len(rest) != 0 {
		t.Errorf("work files left behind: %v %v", rest, err)
	}
}

func TestAnEditThatCantBeStoredIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := &recorder{}
	c := newCMS(t, Options{File: filepath.Join(dir, "cms.json"), Publisher: p})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Publish("8", "Maya"); err == nil {
		t.Fatal("an edit was acknowledged that is not on disk")
	}
	if s := c.store.read(); len(s.Changes) != 0 || article(t, c, "8").Status != "draft" {
		t.Error("the refused edit is in memory")
	}
	if w := call(t, c, "POST", "/api/articles/8/publish", ""); w.Code != 503 || strings.Contains(w.Body.String(), dir) {
		t.Errorf("answer %d %s, want 503 without the path", w.Code, w.Body)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	must(t)(c.Publish("8", "Maya"))
}

func TestAFileThatCantBeReadStaysAsItIs(t *testing.T) {
	good, err := json.Marshal(newCMS(t, Options{}).store.read())
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"cut short":       string(good[:len(good)/2]),
		"empty":           "",
		"unknown field":   `{"next_id":1,"articles":[],"changes":[],"more":1}`,
		"trailing text":   string(good) + "{}",
		"bad article":     strings.Replace(string(good), `"slug":"opening-hours"`, `"slug":"../x"`, 1),
		"id twice":        strings.Replace(string(good), `"id":"2"`, `"id":"1"`, 1),
		"slug twice":      strings.Replace(string(good), `"slug":"opening-hours"`, `"slug":"story-time"`, 1),
		"unknown status":  strings.Replace(string(good), `"status":"published"`, `"status":"hidden"`, 1),
		"next id in use":  strings.Replace(string(good), `"next_id":9`, `"next_id":3`, 1),
		"nameless change": strings.Replace(string(good), `"changes":null`, `"changes":[{"id":"x"}]`, 1),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "cms.json")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := New(Options{File: file}); err == nil || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want an error that names the file", err)
			}
			if data, err := os.ReadFile(file); err != nil || string(data) != text {
				t.Errorf("the file was touched (%v)", err)
			}
		})
	}
}

func TestAFailedUpdateLeavesTheState(t *testing.T) {
	c := newCMS(t, Options{})
	want := c.store.read()
	oops := errors.New("oops")
	err := c.store.update(func(s *state) error {
		s.Articles[0].Title = "changed"
		s.Articles = s.Articles[:1]
		return oops
	})
	if !errors.Is(err, oops) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(want, c.store.read()); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add([]byte(`{"next_id":1,"articles":[],"changes":[]}`))
	f.Add([]byte(`{"next_id":2,"articles":[{"id":"1","slug":"a","title":"T","summary":"S","body":"B","author":"A","updated_at":"2026-03-02T09:00:00Z","status":"draft","version":1}],"changes":[{"id":"c","actor":"m","entity":"article/1","title":"T","action":"publish","at":"2026-03-02T09:00:00Z"}]}`))
	f.Add([]byte(`{"next_id":-1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decodeState(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("accepted a state that can't be written: %v", err)
		}
		back, err := decodeState(again)
		if err != nil {
			t.Fatalf("accepted a state that can't be read again: %v", err)
		}
		if diff := cmp.Diff(s, back); diff != "" {
			t.Errorf("state changed on the way (-before +after):\n%s", diff)
		}
	})
}
