package redirectkv

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakekvs"
)

func openKVS(t *testing.T, server *fakekvs.Server, publicURL string) *Store {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	s, err := Open(t.Context(), Config{
		ARN: fakekvs.ARN, PublicURL: publicURL, HTTPClient: server, NoPropagation: true, Retry: cdn.RetryPolicy{Tries: 3, First: time.Millisecond, Max: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAKeyValueStoreIsWrittenInBatchesAndReadWhole(t *testing.T) {
	server := &fakekvs.Server{}
	s := openKVS(t, server, "")
	want := map[string]string{}
	for i := range 120 {
		want[fmt.Sprintf("/old-%d é", i)] = "301 /new/ pressrun:www"
	}
	plan := redirect.Plan{Want: want}
	for key := range want {
		plan.Put = append(plan.Put, key)
	}
	version, size, err := s.Version(t.Context())
	if err != nil || size != 0 {
		t.Fatal(size, err)
	}
	batches := plan.Batches(s.Limits())
	if len(batches) != 3 {
		t.Errorf("%d batches of 120 keys", len(batches))
	}
	for _, b := range batches {
		if version, err = s.Write(t.Context(), version, b); err != nil {
			t.Fatal(err)
		}
	}
	held, err := s.Read(t.Context())
	if diff := cmp.Diff(want, held); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	if _, err := s.Write(t.Context(), "another", redirect.Batch{Delete: []string{"/old-1 é"}}); !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("a write over another version: %v", err)
	}
}

func TestASiteInAFolderOfItsHostKeepsToThatFolder(t *testing.T) {
	server := &fakekvs.Server{}
	server.Set(map[string]string{"/old": "301 /elsewhere/", "/docsold": "x", "/docs/theirs": "x"})
	s := openKVS(t, server, "https://www.example.org/docs/")
	version, _, err := s.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), version, redirect.Batch{Put: map[string]string{"/": "301 /docs/en/", "/old": "301 /docs/new/"}}); err != nil {
		t.Fatal(err)
	}
	held, err := s.Read(t.Context())
	if diff := cmp.Diff(map[string]string{"/": "301 /docs/en/", "/old": "301 /docs/new/", "/theirs": "x"}, held); err != nil || diff != "" {
		t.Error(err, diff)
	}
	want := map[string]string{"/old": "301 /elsewhere/", "/docsold": "x", "/docs/theirs": "x", "/docs": "301 /docs/en/", "/docs/old": "301 /docs/new/"}
	if diff := cmp.Diff(want, server.Keys()); diff != "" {
		t.Error(diff)
	}
}

func TestAKeyValueStoresErrorsSayWhatToDo(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		want   string
	}{
		"AccessDeniedException":         {http.StatusForbidden, "UpdateKeys on it"},
		"ResourceNotFoundException":     {http.StatusNotFound, "does not exist in this AWS account"},
		"ServiceQuotaExceededException": {http.StatusPaymentRequired, "5 MB"},
		"InternalServerException":       {http.StatusInternalServerError, fakekvs.ARN},
	} {
		tries := 0
		server := &fakekvs.Server{Before: func(*http.Request) *fakekvs.Fault {
			tries++
			return &fakekvs.Fault{Status: c.status, Code: code}
		}}
		_, err := openKVS(t, server, "").Write(t.Context(), "1", redirect.Batch{Delete: []string{"/a"}})
		if err == nil || !strings.Contains(err.Error(), c.want) || (tries > 1) != (c.status >= 500) {
			t.Errorf("%s: %d tries, %v", code, tries, err)
		}
	}
	for _, arn := range []string{"", "none", "cloudfront:E1", "arn:aws:s3:::x", fakekvs.ARN + "/x"} {
		if err := CheckARN(arn); err == nil {
			t.Errorf("%q was taken", arn)
		}
	}
}

func TestASlowAnswerThatIsLostIsSafeToAskAgain(t *testing.T) {
	n := 0
	server := &fakekvs.Server{}
	s := openKVS(t, server, "")
	version, _, err := s.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server.Before = func(*http.Request) *fakekvs.Fault {
		n++
		if n == 1 {
			return &fakekvs.Fault{Drop: true, Done: true}
		}
		return nil
	}
	_, err = s.Write(t.Context(), version, redirect.Batch{Put: map[string]string{"/a": "301 /b"}})
	if !errors.Is(err, store.ErrPrecondition) || server.Keys()["/a"] == "" {
		t.Errorf("the second try meets what the first one did: %v", err)
	}
}

// TestNoCallWaitsForEver for an answer that does not come.
func TestNoCallWaitsForEver(t *testing.T) {
	s, err := Open(t.Context(), Config{ARN: fakekvs.ARN})
	if err != nil {
		t.Fatal(err)
	}
	client := s.api.Options().HTTPClient
	timed, ok := client.(*awshttp.BuildableClient)
	if !ok || timed.GetTimeout() <= 0 || timed.GetTimeout() > time.Minute {
		t.Errorf("a call has no end: %T", client)
	}
}
