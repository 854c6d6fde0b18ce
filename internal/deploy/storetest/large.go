package storetest

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// largeSize is the size of the files of RunLargeCopies, in bytes: a store copies such a file
// in three parts, of which S3 wants all but the last to have 5 MiB.
const largeSize = 12 << 20

// largeContent is a file whose parts differ.
func largeContent() string {
	return strings.Repeat("0123456789abcde\n", largeSize/32) + strings.Repeat("fedcba9876543210", largeSize/32)
}

// RunLargeCopies tests the contract of copies that one request can't make. open returns two
// empty stores in different buckets, which copy files of 12 MiB in parts.
func RunLargeCopies(t *testing.T, open func(t *testing.T) (store, other store.Store)) {
	t.Helper()
	for name, f := range map[string]func(*testing.T, store.Store, store.Store){
		"headers alone":    largeHeaders,
		"under conditions": largeConditions,
		"from another bucket": func(t *testing.T, store, other store.Store) {
			t.Helper()
			across(t, other, store, largePut("a b/é #1%?.zip"))
		},
		"of what is not there": largeMissing,
	} {
		t.Run(name, func(t *testing.T) {
			store, other := open(t)
			f(t, store, other)
		})
	}
}

func largePut(key string) store.Put { return Put(key, largeContent(), store.Condition{}) }

func largeHeaders(t *testing.T, st, _ store.Store) {
	t.Helper()
	put := largePut("files/é #1%?.zip")
	etag := must(t, st, put)
	const changed store.Headers = "cache-control: max-age=60\ncontent-disposition: attachment\ncontent-language: de\ncontent-type: application/zip\nx-amz-meta-cache-tag: c\n"
	for _, cond := range []store.Condition{{IfMatch: `"0123456789abcdef0123456789abcdef"`}, {IfMatch: etag}, {}} {
		before := st.Requests()
		written, err := st.Copy(t.Context(), store.Copy{Key: put.Key, From: put.Key, Headers: changed, If: cond, Size: put.Size})
		info, statErr := st.Stat(t.Context(), put.Key)
		if statErr != nil {
			t.Fatal(statErr)
		}
		if cond.IfMatch != "" && cond.IfMatch != etag {
			if !errors.Is(err, store.ErrPrecondition) || info.ETag != etag || info.Headers != put.Headers {
				t.Errorf("headers of something else than expected: %v, found %+v", err, info)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if st.Requests()-before < 6 {
			t.Errorf("%d requests: not copied in parts", st.Requests()-before)
		}
		if info.ETag != written.ETag || info.Size != put.Size || !info.HasCRC || info.CRC != put.CRC {
			t.Errorf("%+v; want %+v, size %d, CRC %x", info, written, put.Size, put.CRC)
		}
		if diff := cmp.Diff(changed, info.Headers); diff != "" {
			t.Error(diff)
		}
	}
	if got := body(t, st, put.Key); got != largeContent() {
		t.Errorf("%d bytes came that differ", len(got))
	}
}

func largeConditions(t *testing.T, st, _ store.Store) {
	t.Helper()
	etag, old := must(t, st, largePut("k")), must(t, st, Put("kept/1", "old", store.Condition{}))
	c := store.Copy{Key: "kept/1", From: "k", Headers: "content-type: application/zip\n", Size: largeSize}
	for name, refused := range map[string]func(*store.Copy){
		"there must be none": func(c *store.Copy) { c.If.IfAbsent = true },
		"another target":     func(c *store.Copy) { c.If.IfMatch = etag },
		"another source":     func(c *store.Copy) { c.FromTag = old },
	} {
		try := c
		refused(&try)
		if _, err := st.Copy(t.Context(), try); !errors.Is(err, store.ErrPrecondition) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := body(t, st, "kept/1"); got != "old" {
		t.Fatalf("a refused copy left %d bytes", len(got))
	}
	c.FromTag, c.If.IfMatch = etag, old
	written, err := st.Copy(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	info, err := st.Stat(t.Context(), "kept/1")
	if err != nil || info.ETag != written.ETag || info.CRC != crc64nvme.Checksum([]byte(largeContent())) || !info.HasCRC {
		t.Errorf("%+v, %v; want %+v", info, err, written)
	}
	o, err := st.Get(t.Context(), "kept/1")
	if err != nil || !bytes.Equal(o.Body, []byte(largeContent())) {
		t.Errorf("%d bytes came that differ: %v", len(o.Body), err)
	}
}

func largeMissing(t *testing.T, st, _ store.Store) {
	t.Helper()
	if _, err := st.Copy(t.Context(), store.Copy{Key: "k", From: "none", Size: largeSize}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("copy of nothing: %v", err)
	}
	if _, err := st.Stat(t.Context(), "k"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a copy of nothing left something: %v", err)
	}
}
