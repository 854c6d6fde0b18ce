package s3_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// hostile is a store that answers as this says.
func hostile(t *testing.T, prefix string, answer http.HandlerFunc) *s3.Store {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	st, err := s3.Open(t.Context(), "b", prefix, s3.Options{Endpoint: server.URL, AccessKey: "a", SecretKey: "s", MaxAttempts: 2, StallTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// endless says something again and again, until nobody listens.
func endless(w io.Writer, text string) {
	for {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
	}
}

func onePage(token string, keys ...string) string {
	var b strings.Builder
	b.WriteString("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>" + token + "</NextContinuationToken>")
	for _, k := range keys {
		b.WriteString("<Contents><Key>" + k + "</Key><Size>1</Size><ETag>e</ETag></Contents>")
	}
	return b.String() + "</ListBucketResult>"
}

// TestAHostileAnswerIsAnError whatever is asked: none is believed, waited for without
// an end, or read into memory without one.
func TestAHostileAnswerIsAnError(t *testing.T) {
	var asked atomic.Int64
	list := func(st *s3.Store) error { return st.List(t.Context(), "", func(store.Info) error { return nil }) }
	get := func(st *s3.Store) error { _, err := st.Get(t.Context(), "head"); return err }
	put := func(st *s3.Store) error {
		_, err := st.Put(t.Context(), store.SmallPut("a.html", "content-type: text/html\n", []byte("a"), store.Condition{}))
		return err
	}
	copied := func(st *s3.Store) error {
		_, err := st.Copy(t.Context(), store.Copy{Key: "a", From: "b"})
		return err
	}
	remove := func(st *s3.Store) error { return st.Delete(t.Context(), []store.Deletion{{Key: "a"}})[0] }
	stat := func(st *s3.Store) error { _, err := st.Stat(t.Context(), "a"); return err }
	for name, c := range map[string]struct {
		prefix string
		ask    func(*s3.Store) error
		answer http.HandlerFunc
		want   string
	}{
		"a listing whose page comes again": {"", list, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, onePage("same", "a", "b"))
		}, "repeats its pages"},
		"a listing whose page comes again under new tokens": {"", list, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, onePage(fmt.Sprint(asked.Add(1)), "a", "b"))
		}, "repeats its pages"},
		"a listing in a circle": {"", list, func(w http.ResponseWriter, _ *http.Request) {
			n := asked.Add(1) % 7
			_, _ = io.WriteString(w, onePage(fmt.Sprint(n), fmt.Sprint("key", n)))
		}, "repeats its pages"},
		"a listing of empty pages": {"", list, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, onePage(fmt.Sprint(asked.Add(1))))
		}, "repeats its pages"},
		"a page of a listing without an end": {"", list, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<ListBucketResult>")
			endless(w, "<Contents><Key>"+strings.Repeat("k", 1000)+"</Key></Contents>")
		}, "sent more than"},
		"a listing of keys of others": {"www/", list, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>../secret</Key></Contents></ListBucketResult>")
		}, `the key "../secret", which is not below that`},
		"a listing that is a page of HTML": {"", list, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title><p>Welcome to our network")
		}, "it answered without a listing"},
		"a listing of nothing at all": {"", list, func(http.ResponseWriter, *http.Request) {}, "it answered without a listing"},
		"an object that is too large": {"", get, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "300000000")
			w.WriteHeader(http.StatusOK)
		}, "so Pressrun did not write it"},
		"an object shorter than it says": {"", get, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "short")
		}, "broke off"},
		"an error without an end": {"", get, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>")
			endless(w, strings.Repeat("no ", 1000))
		}, ""},
		"headers without an end": {"", stat, func(w http.ResponseWriter, _ *http.Request) {
			for i := range 12 {
				w.Header().Set(fmt.Sprint("X-Amz-Meta-", i), strings.Repeat("x", 1<<20))
			}
		}, ""},
		"a write without an ETag": {"", put, func(http.ResponseWriter, *http.Request) {}, "it answered without an ETag"},
		"a write answered by a page of HTML": {"", put, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title>")
		}, "it answered without an ETag"},
		"a write sent elsewhere": {"", put, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, ""},
		"a copy without an ETag": {"", copied, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<CopyObjectResult></CopyObjectResult>")
		}, "it answered without an ETag"},
		"a copy that failed after its 200": {"", copied, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<Error><Code>InternalError</Code><Message>We encountered an internal error</Message></Error>")
		}, ""},
		"a delete answered without an end": {"", remove, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			endless(w, "<Error>")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.ask(hostile(t, c.prefix, c.answer))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.300v", err)
			}
			if err != nil && len(err.Error()) > 4000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}
