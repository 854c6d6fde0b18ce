package s3_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

func listed(t *testing.T, bucket string, server *fakes3.Server) store.Pager {
	t.Helper()
	pager, ok := open(t, bucket, s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: server, MaxAttempts: 1}).(store.Pager)
	if !ok {
		t.Fatal("an S3 store can't be listed in parts")
	}
	return pager
}

func TestAStoreThatCannotStartAfterAKeySaysSo(t *testing.T) {
	for bucket, server := range map[string]*fakes3.Server{
		"www--use1-az4--x-s3": {},
		"old-store": {Before: func(r *http.Request) *fakes3.Fault {
			if r.URL.Query().Has("start-after") {
				return &fakes3.Fault{Status: http.StatusNotImplemented, Code: "NotImplemented"}
			}
			return nil
		}},
	} {
		server.Bucket(bucket, nil)
		if _, _, err := listed(t, bucket, server).Page(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", bucket, err)
		}
	}
}

func TestKeysThatXMLCannotHoldAreListed(t *testing.T) {
	server := &fakes3.Server{}
	keys := []string{"a\x01b", "line\nbreak", "return\r", "tab\t", "plus+", "per%41cent", "amp&<>\"", "\ufffe"}
	objects := map[string]fakes3.Object{"some/prefix/": {ETag: `"e"`}} // what consoles make to have a folder
	for _, k := range keys {
		objects["some/prefix/"+k] = fakes3.Object{ETag: `"e"`}
	}
	server.Bucket("b", objects)
	slices.Sort(keys)
	st := listed(t, "b", server)
	var all []string
	if err := st.List(t.Context(), "", func(i store.Info) error { all = append(all, i.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keys, all); diff != "" {
		t.Error(diff)
	}
	page, more, err := st.Page(t.Context(), keys[2])
	if err != nil || more {
		t.Fatal(more, err)
	}
	var rest []string
	for _, i := range page {
		rest = append(rest, i.Key)
	}
	if diff := cmp.Diff(keys[3:], rest); diff != "" {
		t.Error(diff)
	}
}

// TestAListingThatBreaksOffIsNoWholeOne: files that it leaves out would count as
// gone.
func TestAListingThatBreaksOffIsNoWholeOne(t *testing.T) {
	st := open(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: client(func(r *http.Request) (*http.Response, error) {
		body := "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>some/prefix/a</Key></Contents></ListBucketResult>"
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})})
	if err := st.List(t.Context(), "", func(store.Info) error { return nil }); err == nil || !strings.Contains(err.Error(), "without a continuation token") {
		t.Errorf("got %v", err)
	}
}
