package fakegithub

import (
	"net/http"
	"slices"
	"strings"
)

// Rename gives a repository (owner/name) another name or owner, with its runs. Calls
// of the old name are led on from then, as GitHub does until the name is taken again
// (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects),
// and the webhook is sent.
func (s *Server) Rename(from, to string) {
	s.mu.Lock()
	repo := s.repos[from]
	delete(s.repos, from)
	s.repos[to] = repo
	repo.Owner, repo.Name, _ = strings.Cut(to, "/")
	for _, run := range s.runs {
		if run.Repo == from {
			run.Repo = to
		}
	}
	for text, t := range s.tokens { // which are good for ids
		if i := slices.Index(t.repos, from); i >= 0 {
			t.repos = slices.Clone(t.repos)
			t.repos[i] = to
			s.tokens[text] = t
		}
	}
	s.mu.Unlock()
	s.Inject(func(r *http.Request) *Fault {
		rest, old := strings.CutPrefix(r.URL.Path+"/", "/repos/"+from+"/")
		s.mu.Lock()
		again := s.repos[from] != nil
		s.mu.Unlock()
		if !old || again {
			return nil
		}
		r.URL.Path = strings.TrimSuffix("/repos/"+to+"/"+rest, "/")
		status := http.StatusMovedPermanently
		if r.Method != http.MethodGet {
			status = http.StatusTemporaryRedirect
		}
		return &Fault{Status: status, Header: map[string]string{"Location": s.URL + r.URL.RequestURI()}, Text: `{"message":"Moved Permanently"}`}
	})
	s.SendRenamed(to, from)
}
