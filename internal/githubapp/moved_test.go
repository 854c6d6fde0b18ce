package githubapp

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// rename has the fake answer for acme/www as GitHub does once it has another name.
func rename(b *bench, owner, name string, installed bool) {
	renamed := b.github.AddRepo(owner, name, fakegithub.ContentRelease())
	b.github.Lock(func() {
		renamed.ID, renamed.OwnerID, renamed.Installation = b.repo.ID, b.repo.OwnerID, b.repo.Installation
		if !installed {
			renamed.Installation = 0
		}
		b.repo.Installation = 0
	})
	b.github.Inject(func(r *http.Request) *fakegithub.Fault {
		rest, old := strings.CutPrefix(r.URL.Path+"/", "/repos/acme/www/")
		if !old {
			return nil
		}
		to := b.github.URL + strings.TrimSuffix("/repos/"+owner+"/"+name+"/"+rest, "/")
		status := http.StatusMovedPermanently
		if r.Method != http.MethodGet {
			status = http.StatusTemporaryRedirect
		}
		return &fakegithub.Fault{Status: status, Header: map[string]string{"Location": to}, Text: `{"message":"Moved Permanently"}`}
	})
}

func TestARenamedRepositoryIsToldByItsNewName(t *testing.T) {
	for name, tt := range map[string]struct {
		owner, to string
		installed bool
		warm      bool // the link was made before
		token     bool
	}{
		"renamed": {"acme", "site", true, false, false}, "renamed while linked": {"acme", "site", true, true, false},
		"transferred": {"other", "www", true, false, false}, "transferred to where the App is not": {"other", "www2", false, false, false},
		"with a token": {"acme", "site", true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, func(o *Options) {
				if tt.token {
					o.Token = "token-of-acme"
				}
			})
			b.github.AddToken("token-of-acme", "acme/www", tt.owner+"/"+tt.to)
			if tt.warm {
				if _, err := b.runner.Dispatch(t.Context(), job("TOKEN0")); err != nil {
					t.Fatal(err)
				}
			}
			before := len(b.github.Runs())
			rename(b, tt.owner, tt.to, tt.installed)
			want := "acme/www is now called " + tt.owner + "/" + tt.to + ": change github.repository"
			_, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
			refused, ok := errors.AsType[*runner.Refused](err)
			if !ok || !strings.Contains(refused.Why, want) {
				t.Errorf("dispatched with %v, want %q", err, want)
			}
			if n := len(b.github.Runs()); n != before {
				t.Errorf("%d runs were started in the repository of another name", n-before)
			}
			checks := b.runner.Examine(t.Context(), "www")
			last := checks[len(checks)-1]
			if last.Result != CheckFailed || !strings.Contains(last.Detail+": "+last.Do, want) {
				t.Errorf("the doctor says %+v", checks)
			}
		})
	}
}

func TestRefusalsNameTheirCause(t *testing.T) {
	answers := func(path string, status int, text string) func(*bench) {
		return func(b *bench) {
			b.github.Inject(func(r *http.Request) *fakegithub.Fault {
				if !strings.Contains(r.URL.Path, path) {
					return nil
				}
				return &fakegithub.Fault{Status: status, Text: `{"message":"` + text + `"}`}
			})
		}
	}
	for name, tt := range map[string]struct {
		change func(*bench)
		want   string
	}{
		"archived":  {answers("/dispatches", http.StatusForbidden, "Repository was archived so is read-only."), "is archived"},
		"suspended": {answers("/access_tokens", http.StatusForbidden, "This installation has been suspended"), "is suspended"},
		"gone":      {answers("/access_tokens", http.StatusNotFound, "Not Found"), "is gone"},
		"another workflow": {func(b *bench) {
			b.github.Lock(func() {
				w := b.repo.Workflows["content-release.yml"]
				delete(b.repo.Workflows, w.File)
				w.File = "publish.yml"
				b.repo.Workflows[w.File] = w
			})
		}, "it has publish.yml"},
		"another default branch": {func(b *bench) {
			answers("/dispatches", http.StatusUnprocessableEntity, "No ref found for: main")(b)
			b.github.Lock(func() { b.repo.DefaultBranch = "trunk" })
		}, "its default branch is trunk"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, nil)
			tt.change(b)
			_, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
			refused, ok := errors.AsType[*runner.Refused](err)
			if !ok || !strings.Contains(refused.Why, tt.want) {
				t.Errorf("dispatched with %v, want %q", err, tt.want)
			}
		})
	}
}
