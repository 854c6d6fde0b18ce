package copying_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/test/simcms"
)

// settings describe the simulated CMS to the kind rest.
const settings = `
kind: rest
url: %s
lists:
  - name: posts
    path: /posts
    id: /id
    stamp: /modified
    pages: {size_param: size, size: 20, number_param: page, total_header: X-Total, pages_header: X-Pages}
    sparse: {fields: "id,modified"}
    by_id: {param: ids, batch: 20}
    references: {/author: authors}
  - name: terms
    path: /terms
    id: /id
    pages: {size_param: size, size: 20, number_param: page, total_header: X-Total, pages_header: X-Pages}
`

// described starts a CMS, and writes the file that describes it.
func described(t *testing.T, o simcms.Options) (cms *simcms.CMS, file string) {
	t.Helper()
	cms = simcms.New(o, 1, func() time.Time { return clitest.Noon })
	server := httptest.NewServer(cms)
	t.Cleanup(server.Close)
	file = filepath.Join(t.TempDir(), "cms.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, settings, server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	return cms, file
}

func TestACopyIsMadeAndKeptCurrent(t *testing.T) {
	cms, file := described(t, simcms.Options{Records: 50, Page: 20})
	dir, packed := filepath.Join(t.TempDir(), "content"), filepath.Join(t.TempDir(), "content.tar.gz")
	var told struct {
		Records, Added, Changed, Removed int
		Full, Unchanged                  bool
		Consistency, Snapshot, Folder    string
		Requests, Bytes                  int64
	}
	run := func(args ...string) {
		t.Helper()
		o := clitest.Run(t, clitest.Invocation{Args: append([]string{"export", file, dir, "--json"}, args...)})
		if err := json.Unmarshal([]byte(o.Out), &told); err != nil || o.Code != 0 {
			t.Fatalf("exit code %d, %v\n%s%s", o.Code, err, o.Out, o.Err)
		}
	}
	run("--dry-run")
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a dry run left something: %v", err)
	}
	run("--tar", packed)
	if told.Records != 55 || !told.Full || told.Consistency != "quiet" {
		t.Errorf("the first pass: %+v", told)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "current", "posts", "7.json"))
	if err != nil || !strings.HasPrefix(string(raw), `{"id":7,"modified":"`) {
		t.Errorf("post 7 is %s (%v)", raw, err)
	}
	if names := inTar(t, packed); len(names) != 57 || names["posts/7.json"] != string(raw) {
		t.Errorf("the tar has %d files", len(names))
	}
	run()
	if !told.Unchanged || told.Full {
		t.Errorf("the second pass: %+v", told)
	}
	cms.Edit(30)
	run()
	if told.Unchanged || told.Full || told.Added+told.Changed+told.Removed == 0 {
		t.Errorf("the third pass: %+v", told)
	}
	for _, progress := range []string{"json", "plain"} {
		o := clitest.Run(t, clitest.Invocation{Args: []string{"export", file, dir, "--progress", progress, "--full"}})
		if o.Code != 0 || !strings.Contains(o.Out, "it was asked for") || !strings.Contains(o.Err, "checking") {
			t.Errorf("%s: %+v", progress, o)
		}
	}
}

// inTar are the files of a tar, with their content.
func inTar(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names[h.Name] = string(content)
	}
}

func TestWhatCantBeExportedSaysWhy(t *testing.T) {
	_, file := described(t, simcms.Options{Records: 5, Page: 20})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			return
		}
		w.WriteHeader(map[string]int{"/wp-json/wp/v2/taxonomies": 404, "/jsonapi": 403}[r.URL.Path])
	}))
	defer server.Close()
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{args: "cms.yaml|OUT", code: exit.Usage, want: "neither an address"},
		{args: "https://cms.example.gov|OUT", code: exit.Usage, want: "--kind: name the kind of CMS"},
		{args: "https://cms.example.gov|OUT|--kind|joomla", code: exit.Usage, want: "wordpress"},
		{args: "https://a:b@cms.example.gov|OUT|--kind|wordpress", code: exit.Usage, want: "has a password"},
		{args: "https://cms.example.gov|OUT|--kind|rest", code: exit.Usage, want: "lists"},
		{args: file + "|OUT|--types|pages", code: exit.Failed, want: `no type "pages"; it has posts, terms`},
		{args: file + "|OUT|--allow|everything", code: exit.Usage, want: "no guard"},
		{args: file + "|OUT|--token-file|none", code: exit.Usage, want: "the credential"},
		{args: file + "|OUT|--requests|none", code: exit.Usage, want: "the requests that are served"},
		{args: file + "|OUT|--at-once|100", code: exit.Usage, want: "1 to 64"},
		{args: server.URL + "|OUT|--kind|wordpress", code: exit.NotFound, want: "check the address and the kind"},
		{args: server.URL + "|OUT|--kind|drupal", code: exit.Unauthorized, want: "check the credential"},
	} {
		out := filepath.Join(t.TempDir(), "out")
		o := clitest.Run(t, clitest.Invocation{Args: append([]string{"export"}, strings.Split(strings.ReplaceAll(c.args, "OUT", out), "|")...)})
		if o.Code != c.code || !strings.Contains(o.Err, c.want) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", c.args, o.Code, c.code, c.want, o.Err)
		}
		if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: something was written", c.args)
		}
	}
}

// A credential is not told to anybody, and does not go over an open network.
func TestTheCredentialGoesToTheCMSAlone(t *testing.T) {
	t.Setenv("PRESSRUN_CONTENT_TOKEN", "prs_secret")
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		http.Redirect(w, r, other.URL, http.StatusFound)
	}))
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "out")
	o := clitest.Run(t, clitest.Invocation{Args: []string{"export", server.URL, dir, "--kind", "drupal"}})
	if o.Code == 0 || strings.Contains(o.Out+o.Err, "prs_secret") || len(elsewhere) > 0 || len(got) == 0 || got[0] != "Bearer prs_secret" {
		t.Errorf("%+v, here %q, elsewhere %q", o, got, elsewhere)
	}
	o = clitest.Run(t, clitest.Invocation{Args: []string{"export", "http://cms.example.gov", dir, "--kind", "drupal"}})
	if o.Code != exit.Usage || !strings.Contains(o.Err, "not encrypted") {
		t.Errorf("over plain http: %+v", o)
	}
}
