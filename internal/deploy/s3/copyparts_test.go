package s3_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/deploy/storetest"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

// smallPart is what S3 wants of a part at least.
const smallPart = 5 << 20

func TestVersityGWCopiesLargeFilesInParts(t *testing.T) {
	gw := servers.StartVersityGW(t)
	bucket := func(t *testing.T) store.Store {
		t.Helper()
		dir, err := os.MkdirTemp(gw.Data, "bucket-") //nolint:usetesting // the server's own folder
		if err != nil {
			t.Fatal(err)
		}
		return open(t, dir[len(gw.Data)+1:], s3.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey, CopyAtOnce: smallPart})
	}
	storetest.RunLargeCopies(t, func(t *testing.T) (store, other store.Store) {
		t.Helper()
		return bucket(t), bucket(t)
	})
}

// tinyPart is enough for the fake, and tinyContent is of three of them.
const tinyPart = 1 << 10

var tinyContent = strings.Repeat("0123456789abcde\n", tinyPart/16) + strings.Repeat("fedcba9876543210", tinyPart/8) + "\n"

// partsFake is a server with two buckets, and the options of stores that copy in
// parts what is larger than so many bytes.
func partsFake(copyAtOnce int64) (*fakes3.Server, s3.Options) {
	server := &fakes3.Server{}
	server.Bucket("a", nil)
	server.Bucket("b", nil)
	server.Bucket("site", nil)
	return server, s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: server, CopyAtOnce: copyAtOnce}
}

func TestTheFakeCopiesLargeFilesInParts(t *testing.T) {
	storetest.RunLargeCopies(t, func(t *testing.T) (store, other store.Store) {
		t.Helper()
		server, o := partsFake(smallPart)
		t.Cleanup(func() {
			if n := server.Unfinished(); n != 0 {
				t.Errorf("%d unfinished uploads are left", n)
			}
		})
		return open(t, "a", o), open(t, "b", o)
	})
}

// TestALargeFileIsCopiedAtEveryFault: whatever becomes of any one request of the
// copy, it is made or it is not, and nothing is left lying about.
func TestALargeFileIsCopiedAtEveryFault(t *testing.T) {
	for name, fault := range map[string]fakes3.Fault{
		"no answer":                  {Drop: true},
		"the answer is lost":         {Drop: true, Done: true},
		"half of the answer":         {Half: true},
		"too busy":                   {Status: http.StatusServiceUnavailable, Code: "SlowDown"},
		"changed by somebody":        {Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"},
		"the credentials have ended": {Status: http.StatusForbidden, Code: "ExpiredToken"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for k := 1; faultAt(t, k, fault); k++ {
				}
			})
		})
	}
}

// lastLook is the request that makes sure of a copy's content: what can't be made
// sure of is no success.
const lastLook = 8

// faultAt lets the k-th request of a copy fail, and says whether there was one.
func faultAt(t *testing.T, k int, fault fakes3.Fault) bool {
	t.Helper()
	server, o := partsFake(tinyPart)
	st := open(t, "a", o)
	put := storetest.Put("big.zip", tinyContent, store.Condition{})
	before, err := st.Put(t.Context(), put)
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int32
	server.Before = func(*http.Request) *fakes3.Fault {
		if n.Add(1) == int32(k) {
			return &fault
		}
		return nil
	}
	c := store.Copy{Key: put.Key, From: put.Key, Headers: "content-type: application/zip\n", If: store.Condition{IfMatch: before.ETag}, Size: put.Size}
	written, err := st.Copy(t.Context(), c)
	met := int(n.Load()) >= k
	server.Before = nil
	info, statErr := st.Stat(t.Context(), put.Key)
	if statErr != nil || info.CRC != put.CRC || info.Size != put.Size {
		t.Fatalf("request %d: it holds %+v, %v", k, info, statErr)
	}
	switch {
	case err == nil && (info.ETag != written.ETag || info.Headers != c.Headers):
		t.Errorf("request %d: written %+v, found %+v", k, written, info)
	case err != nil && info.ETag != before.ETag && k != lastLook:
		t.Errorf("request %d: made, and told as %v", k, err)
	}
	// A lost answer to the start of an upload leaves one that nobody knows of; it
	// is the bucket's rule for such that ends it.
	if left := server.Unfinished(); left > 1 || left == 1 && (k != 2 || !fault.Drop && !fault.Half) {
		t.Errorf("request %d: %d unfinished uploads are left after %v", k, left, err)
	}
	return met
}

func TestALargeFileThatChangesBetweenItsPartsIsNotMixed(t *testing.T) {
	server, o := partsFake(tinyPart)
	st := open(t, "a", o)
	put := storetest.Put("big.zip", tinyContent, store.Condition{})
	if _, err := st.Put(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	other := storetest.Put("big.zip", "of somebody else", store.Condition{})
	for _, at := range []string{"1", ""} { // before a part, before the end
		if _, err := st.Put(t.Context(), put); err != nil {
			t.Fatal(err)
		}
		var changed atomic.Bool
		server.Before = func(r *http.Request) *fakes3.Fault {
			q := r.URL.Query()
			if q.Has("uploadId") && q.Get("partNumber") == at && r.Method != http.MethodDelete && changed.CompareAndSwap(false, true) {
				if _, err := st.Put(t.Context(), other); err != nil {
					t.Error(err)
				}
			}
			return nil
		}
		_, err := st.Copy(t.Context(), store.Copy{Key: "big.zip", From: "big.zip", Headers: "content-type: application/zip\n", Size: put.Size})
		if !errors.Is(err, store.ErrPrecondition) || server.Unfinished() != 0 {
			t.Errorf("part %q: %v, %d uploads are left", at, err, server.Unfinished())
		}
		server.Before = nil
		if o, err := st.Get(t.Context(), "big.zip"); err != nil || string(o.Body) != "of somebody else" {
			t.Errorf("part %q: it holds %d bytes, %v", at, len(o.Body), err)
		}
	}
}

func TestAFileWhoseSizeIsNotKnownIsCopiedInPartsWhenTheStoreAsks(t *testing.T) {
	server, o := partsFake(tinyPart)
	server.CopyLimit = tinyPart
	from, to := open(t, "b", o), open(t, "a", o)
	put := storetest.Put("big.zip", tinyContent, store.Condition{})
	if _, err := from.Put(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	written, err := to.Copy(t.Context(), store.Copy{Key: "kept", From: "big.zip", FromStore: from, Headers: "content-type: application/zip\n"})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := to.Stat(t.Context(), "kept"); err != nil || info.CRC != put.CRC || info.ETag != written.ETag || !strings.HasSuffix(info.ETag, `-4"`) {
		t.Errorf("%+v, %v; want %+v", info, err, written)
	}
}

// TestAStoreThatCopiesNoPartsCopiesWhatItCan at once, or lets it be read and
// written.
func TestAStoreThatCopiesNoPartsCopiesWhatItCan(t *testing.T) {
	server, o := partsFake(tinyPart)
	var parts atomic.Int32
	server.Before = func(r *http.Request) *fakes3.Fault {
		if r.Header.Get("X-Amz-Copy-Source-Range") == "" {
			return nil
		}
		parts.Add(1)
		return &fakes3.Fault{Status: http.StatusNotImplemented, Code: "NotImplemented"}
	}
	st, other := open(t, "a", o), open(t, "b", o)
	put := storetest.Put("big.zip", tinyContent, store.Condition{})
	if _, err := st.Put(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	for _, to := range []store.Store{st, other} {
		parts.Store(0)
		_, err := to.Copy(t.Context(), store.Copy{Key: "kept", From: "big.zip", FromStore: st, Headers: "content-type: application/zip\n", Size: put.Size})
		info, statErr := to.Stat(t.Context(), "kept")
		if err != nil || statErr != nil || info.CRC != put.CRC || parts.Load() == 0 {
			t.Errorf("%s: %v, %+v, %v, after %d tries", to, err, info, statErr, parts.Load())
		}
	}
	if n := server.Unfinished(); n != 0 {
		t.Errorf("%d unfinished uploads are left", n)
	}
}

// TestTagsStayWithALargeFile as they do in a copy by one request.
func TestTagsStayWithALargeFile(t *testing.T) {
	for size, how := range map[int64]string{0: "in one request", int64(len(tinyContent)): "in parts"} {
		server, o := partsFake(tinyPart)
		st := open(t, "a", o)
		put := storetest.Put("big.zip", tinyContent, store.Condition{})
		put.Headers = "content-type: application/zip\nx-amz-tagging: keep=a%20year&team=web\n"
		if _, err := st.Put(t.Context(), put); err != nil {
			t.Fatal(err)
		}
		for headers, want := range map[store.Headers]string{
			"content-type: text/plain\n":                          "keep=a+year&team=web",
			"content-type: text/plain\nx-amz-tagging: team=web\n": "team=web",
		} {
			if _, err := st.Copy(t.Context(), store.Copy{Key: "copy", From: "big.zip", Headers: headers, Size: size}); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(server.Objects("a")["some/prefix/copy"].Header.Get("X-Amz-Tagging"), "%20", "+")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", how, diff)
			}
		}
	}
}

// amazon lets the fake stand for S3 itself, which has the bucket in the host's name.
type amazon struct{ *fakes3.Server }

func (a amazon) Do(r *http.Request) (*http.Response, error) {
	bucket, _, _ := strings.Cut(r.URL.Host, ".")
	r.URL.Path, r.URL.RawPath = "/"+bucket+r.URL.Path, ""
	return a.Server.Do(r)
}

// TestS3ChecksWhatItPutsTogether against the checksum that the source has.
func TestS3ChecksWhatItPutsTogether(t *testing.T) {
	server, o := partsFake(tinyPart)
	o.Endpoint, o.Region, o.HTTPClient = "", "eu-central-1", amazon{server}
	var started, ended atomic.Value
	server.Before = func(r *http.Request) *fakes3.Fault {
		switch q := r.URL.Query(); {
		case q.Has("uploads"):
			started.Store(r.Header.Get("X-Amz-Checksum-Algorithm") + " " + r.Header.Get("X-Amz-Checksum-Type"))
		case q.Has("uploadId") && r.Method == http.MethodPost:
			ended.Store(r.Header.Get("X-Amz-Checksum-Crc64nvme"))
		}
		return nil
	}
	st := open(t, "site", o)
	put := storetest.Put("big.zip", tinyContent, store.Condition{})
	if _, err := st.Put(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	written, err := st.Copy(t.Context(), store.Copy{Key: "kept", From: "big.zip", Headers: "content-type: application/zip\n", Size: put.Size})
	if err != nil {
		t.Fatal(err)
	}
	info, err := st.Stat(t.Context(), "kept")
	if err != nil || info.CRC != put.CRC || info.ETag != written.ETag {
		t.Errorf("%+v, %v; want %+v", info, err, written)
	}
	want := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, put.CRC))
	if started.Load() != "CRC64NVME FULL_OBJECT" || ended.Load() != want {
		t.Errorf("begun with %v and ended with %v, want %s", started.Load(), ended.Load(), want)
	}
}
