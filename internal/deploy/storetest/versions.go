package storetest

import (
	"errors"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// RunVersions tests the contract of versions. open returns an empty store, with a function
// that turns versioning on and off.
func RunVersions(t *testing.T, open func(t *testing.T) (store store.Versioner, keep func(on bool))) {
	t.Helper()
	for name, f := range map[string]func(*testing.T, store.Versioner, func(bool)){
		"it says whether it keeps them":  versioned,
		"what was overwritten is there":  overwritten,
		"what was deleted is there":      undeleted,
		"what was never there":           noVersion,
		"older files of the same bucket": older,
	} {
		t.Run(name, func(t *testing.T) {
			store, keep := open(t)
			f(t, store, keep)
		})
	}
}

func versioned(t *testing.T, store store.Versioner, keep func(bool)) {
	t.Helper()
	check := func(want bool) {
		t.Helper()
		if got, err := store.Versioned(t.Context()); err != nil || got != want {
			t.Errorf("versioned %v, %v; want %v", got, err, want)
		}
	}
	check(false)
	keep(true)
	check(true)
	keep(false)
	check(false)
}

// wrote writes and returns what the store said.
func wrote(t *testing.T, store store.Store, put store.Put) store.Written {
	t.Helper()
	w, err := store.Put(t.Context(), put)
	if err != nil {
		t.Fatalf("put %s: %v", put.Key, err)
	}
	return w
}

func overwritten(t *testing.T, st store.Versioner, keep func(bool)) {
	t.Helper()
	keep(true)
	const key = "a b/é +%?#.html"
	first := wrote(t, st, Put(key, "one", store.Condition{}))
	second := wrote(t, st, Put(key, "second", store.Condition{IfMatch: first.ETag}))
	if first.Version == "" || second.Version == "" || first.Version == second.Version {
		t.Fatalf("versions %q and %q", first.Version, second.Version)
	}
	if info, err := st.Stat(t.Context(), key); err != nil || info.Version != second.Version {
		t.Errorf("it holds version %q, %v; want %q", info.Version, err, second.Version)
	}
	keep(false) // what was kept stays
	want := Put(key, "one", store.Condition{})
	info, err := st.StatVersion(t.Context(), key, first.Version)
	if err != nil || info.Size != 3 || info.ETag != first.ETag || info.CRC != want.CRC || !info.HasCRC {
		t.Fatalf("the first version: %+v, %v", info, err)
	}
	if o, err := st.GetVersion(t.Context(), key, first.Version); err != nil || string(o.Body) != "one" {
		t.Fatalf("the first version reads %q, %v", o.Body, err)
	}
	keep(true)
	const headers store.Headers = "cache-control: max-age=60\ncontent-type: text/css\n"
	third, err := st.Copy(t.Context(), store.Copy{
		Key: key, From: key, FromVersion: first.Version, Headers: headers, If: store.Condition{IfMatch: second.ETag},
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err = st.Stat(t.Context(), key)
	if err != nil || info.Headers != headers || info.ETag != third.ETag || info.Version != third.Version || third.Version == first.Version {
		t.Errorf("%+v, %v; want %+v with %q", info, err, third, headers)
	}
	if got := body(t, st, key); got != "one" {
		t.Errorf("it holds %q", got)
	}
}

func undeleted(t *testing.T, st store.Versioner, keep func(bool)) {
	t.Helper()
	keep(true)
	w := wrote(t, st, Put("d/k", "content", store.Condition{}))
	if err := st.Delete(t.Context(), []store.Deletion{{Key: "d/k", ETag: w.ETag}})[0]; err != nil {
		t.Fatal(err)
	}
	if _, err := st.Stat(t.Context(), "d/k"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("what was deleted: %v", err)
	}
	if _, err := st.Get(t.Context(), "d/k"); !errors.Is(err, store.ErrDeleted) {
		t.Errorf("reading what was deleted: %v", err)
	}
	if err := st.List(t.Context(), "", func(i store.Info) error { return errors.New("it lists " + i.Key) }); err != nil {
		t.Error(err)
	}
	c := store.Copy{Key: "d/k", From: "d/k", FromVersion: w.Version, Headers: "content-type: text/html\n", If: store.Condition{IfAbsent: true}}
	if _, err := st.Copy(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := body(t, st, "d/k"); got != "content" {
		t.Errorf("it holds %q", got)
	}
}

func noVersion(t *testing.T, st store.Versioner, keep func(bool)) {
	t.Helper()
	keep(true)
	w := wrote(t, st, Put("k", "content", store.Condition{}))
	// The second id is none that any store would make.
	for _, c := range []struct{ key, version string }{{"other", w.Version}, {"k", "no version"}} {
		if _, err := st.StatVersion(t.Context(), c.key, c.version); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("version %q of %s: %v", c.version, c.key, err)
		}
	}
	if _, err := st.Copy(t.Context(), store.Copy{Key: "k", From: "other", FromVersion: w.Version}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("copy of no version: %v", err)
	}
}

// older: a file from before versioning was on has no id to be found by.
func older(t *testing.T, st store.Versioner, keep func(bool)) {
	t.Helper()
	if w := wrote(t, st, Put("k", "old", store.Condition{})); w.Version != "" {
		t.Errorf("version %q, though none are kept", w.Version)
	}
	keep(true)
	if w := wrote(t, st, Put("k", "new", store.Condition{})); w.Version == "" {
		t.Error("no version, though they are kept")
	}
	if got := body(t, st, "k"); got != "new" {
		t.Errorf("it holds %q", got)
	}
}
