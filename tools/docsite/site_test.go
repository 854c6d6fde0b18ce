package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/browser"
	"github.com/pressrun/pressrun/test/program"
)

const docs = "../../docs"

// built is the website of the documentation as it is.
func built(t *testing.T) (folder string, pages int) {
	t.Helper()
	folder = t.TempDir()
	pages, err := build(docs, folder)
	if err != nil {
		t.Fatal(err)
	}
	if pages < 40 {
		t.Fatalf("it has %d pages", pages)
	}
	return folder, pages
}

var (
	links = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	ids   = regexp.MustCompile(` id="([^"]*)"`)
)

// files are the pages below a folder, by their addresses.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		all[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryLinkAndAnchorLeadsSomewhereAndNoPageNeedsJavaScript(t *testing.T) {
	folder, _ := built(t)
	all := files(t, folder)
	anchors := map[string]bool{}
	for name, text := range all {
		for _, m := range ids.FindAllStringSubmatch(text, -1) {
			anchors[name+"#"+m[1]] = true
		}
	}
	checked := 0
	for name, text := range all {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		if strings.Contains(text, "<script") || strings.Contains(text, " style=") {
			t.Errorf("%s has a script or a style in it", name)
		}
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
			if err != nil {
				t.Errorf("%s: %q: %v", name, m[1], err)
				continue
			}
			if u.Scheme != "" || name == "404.html" {
				continue
			}
			to := path.Join(path.Dir(name), u.Path)
			if u.Path == "" {
				to = name
			}
			if _, ok := all[to]; !ok {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			} else if u.Fragment != "" && !anchors[to+"#"+u.Fragment] {
				t.Errorf("%s links to %s, where there is no such heading", name, m[1])
			}
			checked++
		}
	}
	if checked < 1000 {
		t.Errorf("%d links were looked at", checked)
	}
}

// Pressrun publishes its own documentation, judged by its own checks: a link to nothing
// stops it. What is built twice is the same, and nothing of it is sent again.
func TestPressrunPublishesItsOwnDocumentation(t *testing.T) {
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	folder, _ := built(t)
	live := filepath.Join(t.TempDir(), "live")
	deploy := func(build string) (string, error) {
		cmd := exec.CommandContext(t.Context(), binary, "deploy", build, "file://"+live, "--site", "docs")
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := deploy(folder); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	again, _ := built(t)
	if out, err := deploy(again); err != nil || !strings.Contains(out, " 0 files, 0 bytes") {
		t.Errorf("%v\n%s", err, out)
	}
	broken, _ := built(t)
	for name, text := range files(t, broken) {
		if strings.HasSuffix(name, ".html") {
			text = strings.ReplaceAll(text, `runbook.html"`, `runbook-gone.html"`)
			if err := os.WriteFile(filepath.Join(broken, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out, err := deploy(broken); err == nil || !strings.Contains(out, "broken-links") {
		t.Errorf("links to nothing were published: %v\n%s", err, out)
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(live)))
	t.Cleanup(srv.Close)
	browser.NewReader(t, srv.URL).Get("/").Status(http.StatusOK).Says("The first hour", "An earlier release is put back")
	s := browser.Screen{Ctx: browser.Start(t), T: t}
	for _, page := range []string{"/", "/metrics.html", "/json/serve.html"} {
		s.Accessible(srv.URL, page)
	}
}

// copyOfDocs is a folder of the documentation to spoil, with what it links to beside it.
func copyOfDocs(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "docs")
	if err := os.CopyFS(folder, os.DirFS(docs)); err != nil {
		t.Fatal(err)
	}
	beside, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range beside {
		target, err := filepath.Abs(filepath.Join("../..", one.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if one.Name() == "docs" {
			continue
		}
		if err := os.Symlink(target, filepath.Join(filepath.Dir(folder), one.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestALinkToNothingIsAnError(t *testing.T) {
	for name, text := range map[string]string{"editors.md": "[gone](nowhere.md)\n", "concepts.md": "[gone](../examples/nowhere.yaml)\n"} {
		folder := copyOfDocs(t)
		if _, err := build(folder, t.TempDir()); err != nil {
			t.Fatalf("before anything is wrong: %v", err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := build(folder, t.TempDir()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestANewPageIsInTheNavigationByItself(t *testing.T) {
	folder, output := copyOfDocs(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "new.md"), []byte("# A new page\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := build(folder, output); err != nil {
		t.Fatal(err)
	}
	if all := files(t, output); !strings.Contains(all["index.html"], `<a href="new.html">A new page</a>`) || !strings.Contains(all["new.html"], "<h1") {
		t.Errorf("the index is\n%s", all["index.html"])
	}
}

// The table of who may make which call is written by hand, and held against the app by
// its own tests; the reference is made. Each has all that the other has.
func TestTheReferenceHasEveryCallOfTheTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(docs, "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n| name | call | ")
	table, _, _ = strings.Cut(table, "\n\n")
	want := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		want[m[1]] = m[2]
	}
	made, err := calls()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range regexp.MustCompile("\n### (.+)\n\n`(.+)`\n").FindAllStringSubmatch(string(made), -1) {
		got[m[1]] = m[2]
	}
	if !found || len(want) < 50 {
		t.Fatalf("docs/api.md has a table of %d calls", len(want))
	}
	for name, call := range want {
		method, end, _ := strings.Cut(call, " ")
		if !strings.HasPrefix(got[name], method+" ") || !strings.HasSuffix(got[name], strings.TrimPrefix(end, "…")) {
			t.Errorf("%s is %q in docs/api.md and %q in the reference", name, call, got[name])
		}
	}
	for name, call := range got {
		if want[name] == "" {
			t.Errorf("docs/api.md has no %s (%s)", name, call)
		}
	}
}

func TestHeadingsAreNamedAsGitHubDoes(t *testing.T) {
	h := &headingIDs{seen: map[string]int{}}
	for _, c := range [][2]string{
		{"What is built, and how", "what-is-built-and-how"},
		{"`deploy`: where the site goes", "deploy-where-the-site-goes"},
		{"C++ & Co", "c--co"},
		{"Rules", "rules"},
		{"Rules", "rules-1"},
		{"the_name", "the_name"},
	} {
		if got := string(h.Generate([]byte(c[0]), 0)); got != c[1] {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
	}
}
