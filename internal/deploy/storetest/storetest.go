// Package storetest is the contract of store.Store, as a test: the engine relies on each line
// of it. A fake that passes may replace a real store.
package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Features are the ways in which a kind of store differs from S3.
type Features struct {
	NoHeaders bool // keeps no headers (a folder)
	NoCAS     bool // conditional writes need the deploy's lease around them
	// BlindDeletes says that deletes ignore ETags (store.MissingDeleteIfMatch).
	BlindDeletes bool
}

// Put makes a write of a body.
func Put(key, body string, cond store.Condition) store.Put {
	return store.Put{
		Key: key, Headers: "cache-control: no-store\ncontent-type: text/plain\nx-amz-meta-cache-tag: a, b\n", Size: int64(len(body)),
		Sum: sha256.Sum256([]byte(body)), CRC: crc64nvme.Checksum([]byte(body)), Body: strings.NewReader(body), If: cond,
	}
}

// Run tests the contract. open returns an empty store.
func Run(t *testing.T, features Features, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, f := range map[string]func(*testing.T, store.Store, Features){
		"conditional writes":           conditional,
		"headers and checksums":        headers,
		"names":                        names,
		"deletes":                      deletes,
		"lists":                        lists,
		"lists from any key on":        pages,
		"damaged content":              damaged,
		"copies":                       copies,
		"one winner of twenty":         race,
		"what is not there":            missing,
		"an interrupted read is whole": rewind,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t), features) })
	}
}

func must(t *testing.T, store store.Store, put store.Put) string {
	t.Helper()
	written, err := store.Put(t.Context(), put)
	if err != nil {
		t.Fatalf("put %s: %v", put.Key, err)
	}
	return written.ETag
}

func body(t *testing.T, store store.Store, key string) string {
	t.Helper()
	o, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	return string(o.Body)
}

func conditional(t *testing.T, st store.Store, _ Features) {
	t.Helper()
	first := must(t, st, Put("k", "one", store.Condition{IfAbsent: true}))
	for _, c := range []struct {
		name string
		key  string
		cond store.Condition
		want error
	}{
		{"absent, and it is there", "k", store.Condition{IfAbsent: true}, store.ErrPrecondition},
		{"another ETag", "k", store.Condition{IfMatch: `"0123456789abcdef0123456789abcdef"`}, store.ErrPrecondition},
		{"an ETag, and it is not there", "none", store.Condition{IfMatch: first}, store.ErrNotFound},
	} {
		if _, err := st.Put(t.Context(), Put(c.key, "two", c.cond)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if got := body(t, st, "k"); got != "one" {
		t.Fatalf("a refused write left %q", got)
	}
	second := must(t, st, Put("k", "two!", store.Condition{IfMatch: first}))
	if second == first || body(t, st, "k") != "two!" {
		t.Fatal("a write over the expected ETag did not happen")
	}
	if o, err := st.Get(t.Context(), "k"); err != nil || o.ETag != second || o.Modified.IsZero() || o.Now.IsZero() {
		t.Fatalf("get: %+v, %v, want ETag %s and both times", o.Info, err, second)
	}
}

func headers(t *testing.T, st store.Store, features Features) {
	t.Helper()
	put := Put("a/b.txt", "content", store.Condition{})
	etag := must(t, st, put)
	info, err := st.Stat(t.Context(), "a/b.txt")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size != 7 || info.ETag != etag || !info.HasCRC || info.CRC != put.CRC {
		t.Errorf("%+v, want size 7, ETag %s, CRC %x", info, etag, put.CRC)
	}
	if !features.NoHeaders && info.Headers != put.Headers {
		t.Error(cmp.Diff(put.Headers, info.Headers))
	}
}

func names(t *testing.T, st store.Store, _ Features) {
	t.Helper()
	long := strings.Repeat("d/", 90) + strings.Repeat("n", 200) + ".html"
	keys := []string{
		"a b.html", "quote\"'.html", "hash#query?.html", "per%20cent.html", "plus+and&.html", "café.html", "cafe\u0301.html",
		"日本/語.html", "semi;colon=.html", "~tilde!.html", "(paren)*.html", "back`tick.html", "dots/..a/.b.html", long,
	}
	if bounded, ok := st.(interface{ LongestPath() int }); ok {
		longest := strings.Repeat("longest/", 200)[:bounded.LongestPath()-len("/key.html")] + "/key.html"
		keys = append(keys, longest)
	}
	for _, k := range keys {
		must(t, st, Put(k, "at "+k, store.Condition{IfAbsent: true}))
	}
	for _, k := range keys {
		if got := body(t, st, k); got != "at "+k {
			t.Errorf("%q holds %q", k, got)
		}
		if _, err := st.Copy(t.Context(), store.Copy{Key: k, From: k, Headers: "content-type: text/html\n"}); err != nil {
			t.Errorf("copy: %v", err)
		}
	}
	var listed []string
	if err := st.List(t.Context(), "", func(i store.Info) error { listed = append(listed, i.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	slices.Sort(listed)
	if diff := cmp.Diff(keys, listed); diff != "" {
		t.Error(diff)
	}
	dels := make([]store.Deletion, len(keys))
	for i, k := range keys {
		dels[i].Key = k
	}
	for i, err := range st.Delete(t.Context(), dels) {
		if err != nil {
			t.Errorf("delete %q: %v", keys[i], err)
		}
	}
}

func deletes(t *testing.T, st store.Store, features Features) {
	t.Helper()
	a := must(t, st, Put("a", "1", store.Condition{}))
	must(t, st, Put("b", "22", store.Condition{}))
	others := "b"
	if features.BlindDeletes {
		others = "none"
	}
	errs := st.Delete(t.Context(), []store.Deletion{{Key: "a", ETag: a}, {Key: others, ETag: a}, {Key: "never"}})
	if errs[0] != nil || errs[2] != nil {
		t.Errorf("errors %v, want none for what is ours and for what is gone already", errs)
	}
	if !features.BlindDeletes && !errors.Is(errs[1], store.ErrPrecondition) {
		t.Errorf("delete of something else than expected: %v", errs[1])
	}
	if _, err := st.Stat(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a is still there: %v", err)
	}
	if got := body(t, st, "b"); got != "22" {
		t.Errorf("b holds %q", got)
	}
}

func lists(t *testing.T, st store.Store, _ Features) {
	t.Helper()
	var want []string
	for i := range 230 {
		key := fmt.Sprintf("p/%03d.html", i)
		want = append(want, key)
		must(t, st, Put(key, key, store.Condition{}))
	}
	must(t, st, Put("q.html", "q", store.Condition{}))
	var got []string
	err := st.List(t.Context(), "p/", func(i store.Info) error {
		got = append(got, i.Key)
		if i.Size != int64(len(i.Key)) || i.ETag == "" {
			t.Errorf("%+v", i)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("enough")
	if err := st.List(t.Context(), "", func(store.Info) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("a list that is told to stop: %v", err)
	}
}

func damaged(t *testing.T, st store.Store, _ Features) {
	t.Helper()
	put := Put("k", "content", store.Condition{})
	put.CRC++
	if _, err := st.Put(t.Context(), put); err == nil || errors.Is(err, store.ErrPrecondition) {
		t.Fatalf("content that differs from its checksum was taken: %v", err)
	}
	if _, err := st.Stat(t.Context(), "k"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("damaged content is there: %v", err)
	}
}

func copies(t *testing.T, st store.Store, features Features) {
	t.Helper()
	etag := must(t, st, Put("k", "content", store.Condition{}))
	if _, err := st.Copy(t.Context(), store.Copy{Key: "k", From: "k", Headers: "content-type: text/css\n", If: store.Condition{IfMatch: "\"0\""}}); !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("headers of something else than expected: %v", err)
	}
	const changed store.Headers = "cache-control: max-age=60\ncontent-type: text/css\nx-amz-meta-cache-tag: c\n"
	got, err := st.Copy(t.Context(), store.Copy{Key: "k", From: "k", Headers: changed, If: store.Condition{IfMatch: etag}})
	if err != nil {
		t.Fatal(err)
	}
	info, err := st.Stat(t.Context(), "k")
	if err != nil || info.ETag != got.ETag || !info.HasCRC {
		t.Fatalf("%+v, %v; want ETag %s and a CRC", info, err, got.ETag)
	}
	if !features.NoHeaders && info.Headers != changed {
		t.Errorf("headers %q", info.Headers)
	}
	if _, err := st.Copy(t.Context(), store.Copy{Key: "other", From: "k", Headers: "content-type: text/css\n"}); err != nil {
		t.Fatal(err)
	}
	if body(t, st, "other") != "content" || body(t, st, "k") != "content" {
		t.Error("the copy's content differs")
	}
	if _, err := st.Copy(t.Context(), store.Copy{Key: "x", From: "none"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("copy of nothing: %v", err)
	}
}

func race(t *testing.T, st store.Store, features Features) {
	t.Helper()
	if features.NoCAS {
		t.Skip("its writers hold a lease")
	}
	etag := must(t, st, Put("head", "0", store.Condition{IfAbsent: true}))
	for _, cond := range []store.Condition{{IfMatch: etag}, {IfAbsent: true}} {
		key := "head"
		if cond.IfAbsent {
			key = "fresh"
		}
		var won atomic.Int32
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() {
				_, err := st.Put(t.Context(), Put(key, fmt.Sprint("by ", i), cond))
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, store.ErrPrecondition) {
					t.Errorf("a loser is told %v", err)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of twenty writers with %+v won", won.Load(), cond)
		}
	}
}

func missing(t *testing.T, st store.Store, _ Features) {
	t.Helper()
	if _, err := st.Get(t.Context(), "none/at/all"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	if _, err := st.Stat(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("stat: %v", err)
	}
	if err := st.List(t.Context(), "none/", func(store.Info) error { return errors.New("something is there") }); err != nil {
		t.Errorf("list: %v", err)
	}
}

// rewind: a body that was read before (for its checksum, or by a failed try) is
// sent from its start.
func rewind(t *testing.T, st store.Store, _ Features) {
	t.Helper()
	put := Put("k", "content", store.Condition{})
	if _, err := put.Body.Seek(3, 0); err != nil {
		t.Fatal(err)
	}
	must(t, st, put)
	if got := body(t, st, "k"); got != "content" {
		t.Fatalf("%q arrived", got)
	}
}
