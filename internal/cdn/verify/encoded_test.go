package verify

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
)

// A page that is stored compressed may reach visitors in several ways; what they see
// counts.
func TestCompressedPagesAreSeenAsBrowsersSeeThem(t *testing.T) {
	page := []byte("<!doctype html>" + strings.Repeat("<p>words</p>\n", 200))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(page); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	live := &manifest.Manifest{Entries: []manifest.Entry{
		{
			Path: "a.html", Size: int64(packed.Len()), Sum: sha256.Sum256(packed.Bytes()), Headers: "content-encoding: gzip\n",
			Origin: manifest.Origin{Size: int64(len(page)), Sum: sha256.Sum256(page)},
		},
		{Path: "built.html", Sum: sha256.Sum256(packed.Bytes()), Headers: "content-encoding: gzip\n"}, // compressed by the build
	}}
	sample := Sample([]plan.Change{{Path: "a.html", Reason: plan.ReasonContent}, {Path: "built.html", Reason: plan.ReasonContent}}, live, 10)
	if len(sample) != 1 || sample[0].Path != "a.html" {
		t.Fatalf("%+v", sample)
	}
	for name, c := range map[string]struct {
		body     []byte
		encoding string
		want     Mismatch
	}{
		"as it is stored":             {packed.Bytes(), "gzip", ""},
		"unpacked by the CDN":         {page, "", ""},
		"its encoding lost":           {packed.Bytes(), "", MismatchContent},
		"an old page":                 {[]byte("old"), "", MismatchContent},
		"compressed another way":      {page, "identity", ""},
		"said to be gzip, and is not": {page, "gzip", MismatchUnreachable},
	} {
		edge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if c.encoding != "" {
				w.Header().Set("Content-Encoding", c.encoding)
			}
			_, _ = w.Write(c.body)
		}))
		findings, _ := readSample(t.Context(), Options{URL: edge.URL, Limit: time.Second}.orDefault(), sample)
		edge.Close()
		var got Mismatch
		if len(findings) > 0 {
			got = findings[0].Mismatch
		}
		if got != c.want {
			t.Errorf("%s: %+v", name, findings)
		}
	}
}
