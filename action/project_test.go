//go:build unix

package action_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
)

// hugo stands for Hugo, which the project's files call for.
const hugo = "#!/bin/sh\nmkdir -p \"$PLACE\"\necho '<!doctype html><title>built</title>' > \"$PLACE/index.html\"\n"

func TestARunWithoutSettingsBuildsWhatItSees(t *testing.T) {
	for name, c := range map[string]struct {
		files         map[string]string
		detect        string
		build, output string // as set
		code          int
		live, says    string
	}{
		"seen":                          {map[string]string{"hugo.toml": "publishDir = 'www'"}, "auto", "", "", 0, "built", "hugo.toml: Hugo makes the site"},
		"nothing is built":              {map[string]string{"index.html": "<title>plain</title>"}, "auto", "", "", 0, "plain", "the pages are there as they are"},
		"built by an earlier step":      {map[string]string{"hugo.toml": "publishDir = 'www'", "www/index.html": "<title>earlier</title>"}, "yes", "", "", 0, "earlier", "www is there already"},
		"built earlier, nothing seen":   {map[string]string{"public/index.html": "<title>earlier</title>", "hugo.toml": "", "_config.yml": ""}, "auto", "", "", 0, "earlier", ""},
		"the build is set":              {map[string]string{"hugo.toml": "publishDir = 'www'"}, "auto", "PLACE=www; mkdir www; echo '<title>own</title>' > www/index.html", "", 0, "own", ""},
		"the output is set":             {map[string]string{"hugo.toml": "", "dist/index.html": "<title>set</title>"}, "auto", "", "dist", 0, "set", ""},
		"a public folder that's source": {map[string]string{"package.json": `{"scripts": {"build": "mkdir dist; echo '<title>bundled</title>' > dist/index.html; : vite build"}, "dependencies": {"vite": "6"}}`, "public/index.html": "<title>source</title>", "package-lock.json": "{}"}, "auto", "", "", 0, "bundled", "dist"},
		"two things":                    {map[string]string{"hugo.toml": "", "_config.yml": ""}, "auto", "", "", failure.ExitUsage, "", "two things here say how the site is built"},
		"not asked":                     {map[string]string{"hugo.toml": "", "public/index.html": "<title>as ever</title>"}, "no", "", "", 0, "as ever", "no --build command is set"},
		"no workflow":                   {map[string]string{"hugo.toml": "", "public/index.html": "<title>as ever</title>"}, "", "", "", 0, "as ever", "no --build command is set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.opts.Detect, b.opts.Build, b.opts.Output = c.detect, c.build, c.output
			b.opts.InstallTimeout = b.opts.BuildTimeout
			bin := t.TempDir()
			for _, program := range []string{"hugo", "npm"} {
				text := hugo
				if program == "npm" { // runs the script, and installs nothing
					text = "#!/bin/sh\n[ \"$1\" = ci ] || sh -c \"$(sed 's/.*\"build\": \"\\([^\"]*\\)\".*/\\1/' package.json)\"\n"
				}
				if err := os.WriteFile(filepath.Join(bin, program), []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			b.opts.Environ = append(b.opts.Environ, "GITHUB_ACTIONS=true", "PLACE=www", "PATH="+bin+":"+os.Getenv("PATH"))
			for file, text := range c.files {
				file = filepath.Join(b.dir, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			app := newFakeApp(t)
			b.with(app)
			b.wantExit(b.run("all"), c.code)
			if said := b.out.String() + b.err.String(); !strings.Contains(said, c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, said)
			}
			if c.code != 0 {
				if s := b.state(); !strings.Contains(s.Why, c.says) || s.Fault != "build" {
					t.Errorf("the app is told %q, %s", s.Why, s.Fault)
				}
				return
			}
			if got := b.live("index.html"); !strings.Contains(got, c.live) {
				t.Errorf("live is %q", got)
			}
		})
	}
}
