//go:build unix

package act

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/program"
)

// The shipped workflow, as a site copied it, builds what it sees in the repository.
func TestTheWorkflowBuildsWhatItSees(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		page  string // what the bucket has
		gone  string // what must not be there
	}{
		"plain HTML": {
			map[string]string{"index.html": page("Plain"), "about/index.html": page("About"), "img/.gitkeep": ""},
			"Plain", ".github/workflows/content-release.yml",
		},
		"a script of npm, with a public folder that is source": {
			map[string]string{
				"package.json":      `{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "file:vite"}}`,
				"package-lock.json": `{"lockfileVersion": 3, "requires": true, "packages": {"": {"devDependencies": {"vite": "file:vite"}}, "node_modules/vite": {"resolved": "vite", "link": true}, "vite": {"version": "6.0.0", "dev": true, "bin": {"vite": "vite.js"}}}}`,
				"vite/package.json": `{"name": "vite", "version": "6.0.0", "bin": {"vite": "vite.js"}}`,
				"vite/vite.js":      "#!/usr/bin/env node\nconst fs = require('fs'); fs.mkdirSync('dist'); fs.writeFileSync('dist/index.html', " + "`" + page("Bundled") + "`" + "); fs.copyFileSync('public/robots.txt', 'dist/robots.txt');\n",
				"public/robots.txt": "User-agent: *\n", "public/index.html": page("Source"),
				".nvmrc": "lts/*\n",
			},
			"Bundled", "vite/vite.js",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "")
			r.site = r.siteOf(c.files)
			r.ask("New hours")
			site := r.until("over", func(s release.Site) bool { return s.State == release.Ready && s.Last.Number == 1 })
			if site.Last.Outcome != release.Succeeded {
				t.Fatalf("the release ended as %s: %s\n%s", site.Last.Outcome, site.Last.Why, r.runners.log(r.github.Runs()[0].ID))
			}
			if got := r.page("index.html"); !strings.Contains(got, c.page) {
				t.Errorf("the bucket has the page %q", got)
			}
			if _, err := os.Stat(filepath.Join(r.s3.Data, "www", c.gone)); err == nil {
				t.Errorf("%s was published", c.gone)
			}
			r.runners.all.Wait()
		})
	}
}

// What can't be seen ends the release, with words for who asked for it.
func TestAProjectThatSaysNothingIsTold(t *testing.T) {
	r := newRig(t, "")
	r.site = r.siteOf(map[string]string{"README.md": "to be written"})
	r.ask("New hours")
	site := r.until("over", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.Last.Outcome != release.Failed || site.Last.Fault != release.FaultBuild || !strings.Contains(site.Last.Why, "nothing here says how the site is built") || !strings.Contains(site.Last.Why, "PRESSRUN_BUILD") {
		t.Errorf("the release ended as %+v\n%s", site.Last, r.runners.log(r.github.Runs()[0].ID))
	}
	r.runners.all.Wait()
}

func page(title string) string {
	return "<!doctype html><html lang=\"en\"><title>" + title + "</title><h1>" + title + "</h1></html>\n"
}

// Hugo is installed as the project pins it, if its checksum is right.
func TestTheWorkflowInstallsThePinnedHugo(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the stand-in is a program for Linux on amd64")
	}
	script := scriptNamed(t, "content-release.yml", "release", "Install Hugo")
	const stand = "#!/bin/sh\necho hugo v0.99.1-abc+extended linux/amd64\n"
	var archive bytes.Buffer
	zip := gzip.NewWriter(&archive)
	w := tar.NewWriter(zip)
	if err := w.WriteHeader(&tar.Header{Name: "hugo", Mode: 0o755, Size: int64(len(stand))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(stand)); err != nil || w.Close() != nil || zip.Close() != nil {
		t.Fatal("write the archive")
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(archive.Bytes()))
	for name, c := range map[string]struct {
		version, there, sum, old string
		want                     string
		fails                    bool
	}{
		"pinned":                    {version: "0.99.1", sum: sum, want: "hugo v0.99.1"},
		"pinned, of the old names":  {version: "0.99.1", sum: sum, old: "Linux-64bit", want: "hugo v0.99.1"},
		"pinned, another is there":  {version: "0.99.1", there: "hugo v0.99.10-x+extended", sum: sum, want: "hugo v0.99.1-"},
		"pinned, and there":         {version: "0.99.1", there: "hugo v0.99.1-x+extended", want: "hugo v0.99.1-x"},
		"not pinned, and there":     {there: "hugo v0.1.0", want: "hugo v0.1.0"},
		"pinned, and not released":  {version: "0.99.2", sum: sum, want: "::error title=There is no Hugo 0.99.2::", fails: true},
		"another one than released": {version: "0.99.1", sum: strings.Repeat("0", 64), want: "FAILED", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			machine := or(c.old, "linux-amd64")
			files := http.NewServeMux()
			files.HandleFunc("GET /v0.99.1/hugo_0.99.1_checksums.txt", func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, "%s  hugo_0.99.1_%s.tar.gz\n%s  hugo_extended_0.99.1_%s.tar.gz\n", strings.Repeat("1", 64), machine, c.sum, machine)
			})
			files.HandleFunc("GET /v0.99.1/hugo_extended_0.99.1_"+machine+".tar.gz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive.Bytes()) })
			srv := httptest.NewServer(files)
			defer srv.Close()
			dir := t.TempDir()
			cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + pathWithout(t, dir, "hugo"), "VERSION=" + c.version, "FALLBACK=0.99.1", "RELEASES=" + srv.URL, "RUNNER_TEMP=" + dir, "GITHUB_PATH=" + filepath.Join(dir, "path")}
			if c.there != "" {
				if err := os.WriteFile(filepath.Join(dir, "bin", "hugo"), []byte("#!/bin/sh\necho "+c.there+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			out, err := cmd.CombinedOutput()
			if (err != nil) != c.fails || !strings.Contains(string(out), c.want) {
				t.Errorf("it ended with %v:\n%s", err, out)
			}
			if _, err := os.Stat(filepath.Join(dir, "path")); (err == nil) != (!c.fails && c.there == "" || name == "pinned, another is there") {
				t.Errorf("GITHUB_PATH: %v", err)
			}
		})
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// pathWithout is a PATH with the programs of the script alone, and a folder that is
// before them.
func pathWithout(t *testing.T, dir, name string) string {
	t.Helper()
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"bash", "sh", "curl", "grep", "uname", "mkdir", "head", "sha256sum", "tar", "gzip"} {
		path, err := exec.LookPath(program)
		if err != nil || program == name {
			t.Fatalf("%s: %v", program, err)
		}
		if err := os.Symlink(path, filepath.Join(bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

// The action's step detect leaves what it sees as outputs.
func TestTheStepDetectSetsOutputs(t *testing.T) {
	path, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"Astro":   {map[string]string{"package.json": `{"packageManager": "pnpm@9.15.0", "scripts": {"build": "astro build"}, "dependencies": {"astro": "5"}}`, "pnpm-lock.yaml": "", ".nvmrc": "22"}, []string{"generator|Astro", "tool|pnpm@9.15.0", "node-version|22", "install|pnpm install --frozen-lockfile", "build|pnpm run build", "output|dist", "needs-hugo|false"}},
		"Hugo":    {map[string]string{"hugo.toml": "", ".hugo-version": "0.150.1"}, []string{"needs-hugo|true", "hugo-version|0.150.1", "node-version|", "output|public"}},
		"nothing": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir, outputs := t.TempDir(), filepath.Join(t.TempDir(), "outputs")
			for file, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(path, "action", "detect")
			cmd.Env = []string{"GITHUB_ACTIONS=true", "INPUT_DIR=" + dir, "GITHUB_OUTPUT=" + outputs}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			text, err := os.ReadFile(outputs)
			if c.want == nil {
				if !strings.Contains(string(out), "::warning::nothing here says how the site is built") || len(text) > 0 {
					t.Errorf("it says %s, and the outputs\n%s", out, text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				name, value, _ := strings.Cut(want, "|")
				if !strings.Contains(string(text), name+"<<_GitHubActionsFileCommandDelimeter_\n"+value+"\n_") {
					t.Errorf("%s is not %q in\n%s", name, value, text)
				}
			}
		})
	}
}
