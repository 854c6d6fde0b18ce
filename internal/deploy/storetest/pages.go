package storetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// pages: a listing goes by the bytes of the keys, whatever a store's own file
// system makes of them, and starts after any string.
func pages(t *testing.T, st store.Store, _ Features) {
	t.Helper()
	pager, ok := st.(store.Pager)
	if !ok {
		t.Skip("its listing is read whole")
	}
	keys := []string{
		"a b", "a!", "a-b", "a.html", "a/b", "a/b-c", "a/c/d", "ab", "z!/1", "z/1-2", "z/1/2", "z/1/3", "plus+and%20",
		"caf\u00e9", "cafe\u0301", "\ue000x", "\U0001f600", "\u65e5\u672c/\u8a9e.html", "d/x/y", "d.html", "d-e/f",
	}
	for _, k := range keys {
		must(t, st, Put(k, k, store.Condition{}))
	}
	slices.Sort(keys)
	for _, after := range append([]string{"", "a", "a/", "a/a", "d", "z/", "z/1", "caf", "\u65e5", "\uffff", "zzz"}, keys...) {
		got, last := []string{}, after
		for more := true; more; {
			page, behind, err := pager.Page(t.Context(), last)
			if err != nil {
				t.Fatal(err)
			}
			for _, info := range page {
				if info.Size != int64(len(info.Key)) || info.ETag == "" {
					t.Errorf("%+v", info)
				}
				got = append(got, info.Key)
				last = info.Key
			}
			more = behind
		}
		i, found := slices.BinarySearch(keys, after)
		if found {
			i++
		}
		if diff := cmp.Diff(append([]string{}, keys[i:]...), got); diff != "" {
			t.Errorf("after %q (-want +got):\n%s", after, diff)
		}
	}
}
