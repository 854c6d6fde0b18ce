package listing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// shelf is a store that only lists.
type shelf struct {
	store.Store
	keys   []string // in the order in which they are listed
	size   int      // of a page
	starts func(keys []string, after string) int
	whole  int // listings from the start
}

// byBytes starts after a key as S3 does.
func byBytes(keys []string, after string) int {
	i, found := slices.BinarySearch(keys, after)
	if found {
		i++
	}
	return i
}

func (s *shelf) Page(_ context.Context, after string) ([]store.Info, bool, error) {
	i := s.starts(s.keys, after)
	switch {
	case i < 0:
		return nil, false, errors.ErrUnsupported
	case s.size < 0:
		return nil, true, nil
	}
	end := min(len(s.keys), i+s.size)
	var page []store.Info
	for _, k := range s.keys[i:end] {
		page = append(page, store.Info{Key: k, Size: int64(len(k))})
	}
	return page, end < len(s.keys), nil
}

func (s *shelf) List(_ context.Context, _ string, f func(store.Info) error) error {
	s.whole++
	for _, k := range s.keys {
		if err := f(store.Info{Key: k, Size: int64(len(k))}); err != nil {
			return err
		}
	}
	return nil
}

// aKey has what orders differ about: what comes before "/", names that begin
// others, composed and combined letters, and those that UTF-16 sorts otherwise.
func aKey() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{"a", "b", "z", "/", "/", "-", ".", " ", "!", "%", "+", "0", "é", "e\u0301", "\ue000", "\U0001f600", "\uffff", "\x01"})
	return rapid.Custom(func(t *rapid.T) string {
		key := ""
		for _, p := range rapid.SliceOfN(piece, 1, 6).Draw(t, "pieces") {
			key += p
		}
		return key
	})
}

func TestAListingInPartsIsTheListing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := &shelf{
			keys: slices.Sorted(slices.Values(rapid.SliceOfNDistinct(aKey(), 0, 80, rapid.ID).Draw(t, "keys"))),
			size: rapid.IntRange(1, 9).Draw(t, "page"), starts: byBytes,
		}
		// Some known keys are there, others are not.
		var known []string
		for _, k := range st.keys {
			if rapid.Bool().Draw(t, "known") {
				known = append(known, k)
			}
		}
		known = append(known, rapid.SliceOfN(aKey(), 0, 20).Draw(t, "other known keys")...)
		slices.Sort(known)
		known = slices.Compact(known)
		l := Listing{Store: st, Known: known, KnownOnly: rapid.Bool().Draw(t, "known only"), perPart: rapid.IntRange(1, 10).Draw(t, "per part")}
		want := []string{}
		for _, k := range st.keys {
			if _, ok := slices.BinarySearch(known, k); ok || !l.KnownOnly {
				want = append(want, k)
			}
		}
		got := []string{}
		err := l.Each(t.Context(), func(info store.Info) error {
			if _, ok := slices.BinarySearch(known, info.Key); ok || !l.KnownOnly {
				got = append(got, info.Key)
			}
			return nil
		})
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || st.whole > 0 {
			t.Fatalf("%v, %d listings from the start (-want +got):\n%s", err, st.whole, diff)
		}
	})
}

func TestAStoreThatCannotBeListedInPartsIsListedWhole(t *testing.T) {
	var sorted []string
	for i := range 3000 {
		sorted = append(sorted, fmt.Sprintf("%04d", i))
	}
	backwards := slices.Clone(sorted)
	slices.Reverse(backwards)
	for name, st := range map[string]*shelf{
		"it says so":                      {keys: sorted, starts: func([]string, string) int { return -1 }},
		"it starts anew each time":        {keys: sorted, starts: func([]string, string) int { return 0 }},
		"it begins with the key itself":   {keys: sorted, starts: func(keys []string, after string) int { i, _ := slices.BinarySearch(keys, after); return i }},
		"it has another order":            {keys: backwards, starts: func(keys []string, after string) int { return max(0, slices.Index(keys, after)+1) }},
		"it says there is more, and ends": {keys: nil, starts: func([]string, string) int { return 0 }, size: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if st.size == 0 {
				st.size = 100
			}
			seen := map[string]bool{}
			err := Listing{Store: st, Known: sorted}.Each(t.Context(), func(info store.Info) error { seen[info.Key] = true; return nil })
			if err != nil || len(seen) != len(st.keys) || st.whole != 1 {
				t.Errorf("%d of %d keys were seen, in %d listings from the start, %v", len(seen), len(st.keys), st.whole, err)
			}
		})
	}
}

func TestAnErrorEndsAListing(t *testing.T) {
	st := &shelf{size: 10, starts: byBytes}
	for i := range 3000 {
		st.keys = append(st.keys, fmt.Sprintf("%04d", i))
	}
	enough := errors.New("enough")
	n := 0
	err := Listing{Store: st, Known: st.keys}.Each(t.Context(), func(store.Info) error {
		if n++; n > 500 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || st.whole > 0 {
		t.Errorf("%v, %d listings from the start", err, st.whole)
	}
}

// TestALongListingTakesFewRoundTrips: with 100 ms for each request, a listing of 60
// pages takes a fraction of the time that they take one after the other.
func TestALongListingTakesFewRoundTrips(t *testing.T) {
	const files, page, trip = 6000, 200, 100 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		server := &fakes3.Server{PageSize: page, Before: func(*http.Request) *fakes3.Fault { time.Sleep(trip); return nil }}
		objects := map[string]fakes3.Object{}
		l := Listing{perPart: page}
		for i := range files {
			key := fmt.Sprintf("%c/%d.html", 'a'+i%26, i)
			objects[key] = fakes3.Object{Body: []byte("x"), ETag: `"e"`}
			l.Known = append(l.Known, key)
		}
		for i := range files { // somebody else's, before ours and between
			objects[fmt.Sprintf("%s/%d", []string{"0", "archive", "m!", "zz"}[i%4], i)] = fakes3.Object{ETag: `"e"`}
		}
		slices.Sort(l.Known)
		server.Bucket("b", objects)
		st, err := s3.Open(t.Context(), "b", "", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: server})
		if err != nil {
			t.Fatal(err)
		}
		l.Store = st
		for _, c := range []struct {
			knownOnly   bool
			least, most int // keys that are seen
			within      time.Duration
			requests    int64
		}{
			{false, 2 * files, 2 * files, 12 * trip, 100},
			{true, files, files + 6*page, 5 * trip, 70},
		} {
			l.KnownOnly = c.knownOnly
			began, before, n := time.Now(), st.Requests(), 0
			if err := l.Each(t.Context(), func(store.Info) error { n++; return nil }); err != nil {
				t.Fatal(err)
			}
			took, requests := time.Since(began), st.Requests()-before
			t.Logf("known only %v: %d keys in %s and %d requests", c.knownOnly, n, took, requests)
			if n < c.least || n > c.most || took > c.within || requests > c.requests {
				t.Errorf("known only %v: %d keys in %s and %d requests", c.knownOnly, n, took, requests)
			}
		}
	})
}
