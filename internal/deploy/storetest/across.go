package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// RunAcross tests the contract of copies between two stores of one kind in different buckets.
// open returns them empty.
func RunAcross(t *testing.T, open func(t *testing.T) (from, to store.Store)) {
	t.Helper()
	for _, c := range []struct {
		name, key, body string
	}{
		{"a small file", "a b/é #1%?.html", "content"},
		{"a file of some megabytes", "files/large.zip", strings.Repeat("0123456789abcdef", 3<<16)},
		{"an empty file", "empty", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := open(t)
			across(t, from, to, Put(c.key, c.body, store.Condition{}))
		})
	}
}

func across(t *testing.T, from, to store.Store, put store.Put) {
	t.Helper()
	etag := must(t, from, put)
	want := body(t, from, put.Key)
	const headers store.Headers = "cache-control: max-age=60\ncontent-type: text/css\n"
	c := store.Copy{Key: "kept/1", From: put.Key, FromStore: from, FromTag: `"0123456789abcdef0123456789abcdef"`, Headers: headers}
	if _, err := to.Copy(t.Context(), c); !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("content of another ETag: %v", err)
	}
	c.FromTag = etag
	written, err := to.Copy(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	info, err := to.Stat(t.Context(), "kept/1")
	if err != nil || info.ETag != written.ETag || info.Size != put.Size || !info.HasCRC || info.CRC != put.CRC {
		t.Errorf("%+v, %v; want %+v, size %d, CRC %x", info, err, written, put.Size, put.CRC)
	}
	if diff := cmp.Diff(headers, info.Headers); diff != "" {
		t.Error(diff)
	}
	if got := body(t, to, "kept/1"); got != want {
		t.Errorf("%d bytes came of %d", len(got), len(want))
	}
	if _, err := from.Stat(t.Context(), "kept/1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the copy is in the store it was made from: %v", err)
	}
	c.From, c.FromTag = "none", ""
	if _, err := to.Copy(t.Context(), c); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("copy of nothing: %v", err)
	}
}
