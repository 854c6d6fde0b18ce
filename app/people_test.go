package app

import (
	"net/http"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/test/browser"
)

const (
	editorToken = "an editor's token, long enough"
	cmsToken    = "a content management system's token"
)

// withPeople configures an editor's and a program's token beside the
// operator's, and a second site that the editor may not see.
func withPeople(c *config.Config) {
	c.Tokens = append(c.Tokens,
		config.Token{Name: "newsroom", Role: "editor", SHA256: auth.HashToken(editorToken), Sites: []string{"www"}},
		config.Token{Name: "cms", Role: "cms", SHA256: auth.HashToken(cmsToken)})
	zero := config.Duration(0)
	c.Sites["secret"] = config.Site{Title: "Secret plans", Runner: "local", Quiet: &zero}
}

func newReader(t *testing.T, b *bench) *browser.Reader {
	t.Helper()
	return browser.NewReader(t, b.url)
}

func signedInReader(t *testing.T, b *bench, token string) *browser.Reader {
	t.Helper()
	r := newReader(t, b)
	r.SignIn(token, "/").Status(http.StatusSeeOther)
	return r
}
