//go:build unix

package action_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/summary"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/simcms"
)

// simulated is a CMS, with the file of settings that describes it to the kind rest.
type simulated struct {
	*simcms.CMS
	*httptest.Server
	settings string

	mu      sync.Mutex
	empty   bool     // its lists have nothing in them
	asked   []string // the records that were asked for by their ids
	seenKey string   // the credential of the last request
}

func newSimulated(t *testing.T) *simulated {
	t.Helper()
	c := &simulated{CMS: simcms.New(simcms.Options{Records: 50, Page: 20}, 1, time.Now)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.seenKey = r.Header.Get("Authorization")
		if ids := r.URL.Query().Get("ids"); ids != "" {
			c.asked = append(c.asked, strings.TrimPrefix(r.URL.Path, "/")+"/"+ids)
		}
		empty := c.empty
		c.mu.Unlock()
		if empty {
			w.Header().Set("X-Total", "0")
			w.Header().Set("X-Pages", "0")
			fmt.Fprint(w, "[]")
			return
		}
		c.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	c.settings = fmt.Sprintf(`
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
`, c.URL)
	return c
}

func (c *simulated) write(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "cms.yaml"), []byte(c.settings), 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyBuild publishes a record of the copy, and what it can see of the environment.
const copyBuild = `mkdir -p public && cp "$PRESSRUN_CONTENT/posts/7.json" public/index.html && env > public/env.txt`

func TestARunCopiesTheContentBeforeItsBuild(t *testing.T) {
	cms, app := newSimulated(t), newFakeApp(t)
	b := newBench(t, copyBuild).with(app)
	app.mu.Lock()
	app.requests[0].Entity = "post/7"
	app.mu.Unlock()
	cms.write(t, b.dir)
	b.opts.Export, b.opts.ExportTo = "cms.yaml", "content"
	b.opts.Environ = append(b.opts.Environ, "PRESSRUN_CONTENT_TOKEN=the-key-of-the-cms")
	b.opts.JSON = true
	b.wantExit(b.run("all"), failure.ExitOK)
	if page := b.live("index.html"); !strings.HasPrefix(page, `{"id":7,`) {
		t.Errorf("the page is %q", page)
	}
	if env := b.live("env.txt"); strings.Contains(env, "the-key-of-the-cms") {
		t.Error("the build sees the CMS's credential")
	}
	if cms.seenKey != "Bearer the-key-of-the-cms" {
		t.Errorf("the CMS was asked as %q", cms.seenKey)
	}
	var told summary.Summary
	if err := json.Unmarshal([]byte(b.out.String()), &told); err != nil {
		t.Fatal(err)
	}
	c := told.Content
	if c == nil || c.Records != 50 || c.Added != 50 || c.Consistency != content.Quiet || c.Watermark.IsZero() || !strings.HasPrefix(c.Folder, b.dir) {
		t.Errorf("the summary has the content as %+v", c)
	}
	if words := told.Markdown(nil); !strings.Contains(words, "Content: 50 records as of ") || !strings.Contains(words, "quiet") {
		t.Error(words)
	}
	noted := ""
	for _, s := range app.metrics.Steps {
		if s.Name == "export" {
			noted = s.Note
		}
	}
	if !strings.HasPrefix(noted, "50 records: 50 added, 0 changed, 0 removed; as of ") {
		t.Errorf("the app has the step's note as %q", noted)
	}
}

// What an editor's request names is read again, even where no stamp tells of a change.
func TestAnExportReadsAgainWhatTheServedRequestsName(t *testing.T) {
	cms, app := newSimulated(t), newFakeApp(t)
	b := newBench(t, copyBuild)
	cms.write(t, b.dir)
	b.opts.Export, b.opts.ExportTo = "cms.yaml", "content"
	b.wantExit(b.run("export"), failure.ExitOK)
	cms.asked = nil
	b.with(app)
	app.requests[0].Entity = "post/7"
	b.wantExit(b.run("all"), failure.ExitOK)
	if len(cms.asked) != 1 || cms.asked[0] != "posts/7" {
		t.Errorf("asked for %q", cms.asked)
	}
	if c := b.state().Content; c == nil || !c.Unchanged {
		t.Errorf("the content is %+v", c)
	}
}

func TestWithoutACopyThereIsNoBuild(t *testing.T) {
	cms, app := newSimulated(t), newFakeApp(t)
	b := newBench(t, "touch built && "+copyBuild)
	cms.write(t, b.dir)
	b.opts.Export, b.opts.ExportTo = "cms.yaml", "content"
	b.wantExit(b.run("export"), failure.ExitOK)
	cms.empty = true
	b.with(app)
	b.wantExit(b.run("all"), failure.ExitRefused)
	last := app.now().Last
	if last.Outcome != release.Failed || last.Fault != release.FaultContent || !strings.Contains(last.Why, "only 0 are left") || !strings.Contains(last.Why, "--export-allow shrink") {
		t.Errorf("the release ended as %+v", last)
	}
	if exists(filepath.Join(b.dir, "built")) {
		t.Error("the site was built all the same")
	}
}

func TestAnExportThatCannotBeMeantIsToldBeforeAnythingIsDone(t *testing.T) {
	for _, wrong := range []options.ExportFlags{
		{Export: "http://127.0.0.1:1"},
		{Export: "http://127.0.0.1:1", ExportKind: "joomla"},
		{Export: "gone.yaml"},
		{Export: "http://127.0.0.1:1", ExportKind: "wordpress", ExportAllow: []string{"all"}},
	} {
		b := newBench(t, copyBuild)
		b.opts.Install, b.opts.ExportFlags = "touch installed", wrong
		b.wantExit(b.run("all"), failure.ExitUsage)
		if exists(filepath.Join(b.dir, "installed")) {
			t.Errorf("%+v: it was installed all the same", wrong)
		}
	}
}

func TestLocalRunnerKeepsACopyForItsBuilds(t *testing.T) {
	cms, m := newSimulated(t), newOnThisMachine(t, copyBuild)
	cms.write(t, m.source)
	kept := filepath.Join(t.TempDir(), "content")
	span := config.Duration(time.Minute)
	m.settings.Build.Export, m.settings.Build.ExportTo, m.settings.Build.ExportTimeout = "cms.yaml", kept, &span
	m.release(t)
	if e := m.wait(t); e.Conclusion != release.RunSucceeded {
		t.Fatalf("it ended as %+v", e)
	}
	page, err := os.ReadFile(filepath.Join(m.dest, "index.html"))
	if err != nil || !strings.HasPrefix(string(page), `{"id":7,`) {
		t.Errorf("the page is %q (%v)", page, err)
	}
	if !exists(filepath.Join(kept, "current.json")) {
		t.Error("there is no copy for the next release")
	}
}
