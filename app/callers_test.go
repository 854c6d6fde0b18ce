package app

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// permissions is the table of docs/api.md: for each operation what each kind of
// caller may, by the column's name.
func permissions(t *testing.T) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n| name | call | ")
	if !found {
		t.Fatal("docs/api.md has no table of who may make which call")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	lines := strings.Split(table, "\n")
	kinds := cells(lines[0])
	rows := map[string]map[string]string{}
	for _, line := range lines[2:] {
		row := cells(strings.TrimPrefix(line, "|"))
		name := strings.Trim(row[0], "`")
		rows[name] = map[string]string{}
		for i, kind := range kinds {
			rows[name][kind] = row[i+2]
		}
	}
	return rows
}

func cells(line string) []string {
	row := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), "|")
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	return row
}

// caller is one of a kind, and what its credential is good for.
type caller struct {
	name, kind, bearer string
	scope              scope
}

type scope int

const (
	allSites scope = iota
	thisSite       // www, which the calls are about; of a run: its own release
	elsewhere
	nobody
)

// callersOfAllKinds are the configured ones of every role, those of a run, and
// those who must never be let in.
func (b *bench) callersOfAllKinds(t *testing.T) (callers []caller, job string) {
	t.Helper()
	for _, role := range []string{"cms", "run", "editor", "operator", "monitor"} {
		callers = append(callers,
			caller{role + " of all sites", role, role + "-token", allSites},
			caller{role + " of this site", role, role + "-www-token", thisSite},
			caller{role + " of another site", role, role + "-docs-token", elsewhere})
	}
	b.ask(t, release.FromEditor)
	handed := b.job(t)
	run := api.Run{ID: "run-1", Attempt: 1}
	claim, err := b.client.WithToken(handed.Bearer).Claim(t.Context(), "www", api.ClaimInput{Release: 1, Token: handed.Token, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	grant := auth.Grant{Site: "www", Release: 1, Run: "run-1", Attempt: 1}
	session := func(change func(*auth.Grant)) string {
		g := grant
		change(&g)
		return b.app.current.Load().auth.MintSession(g)
	}
	over := grant
	over.Until = time.Now().Add(-time.Second)
	forged := claim.Session[:len(claim.Session)-2] + "AA"
	return append(callers,
		caller{"the job", "job", handed.Bearer, thisSite},
		caller{"another release's job", "job", b.app.current.Load().auth.MintJob("www", 2), elsewhere},
		caller{"another site's job", "job", b.app.current.Load().auth.MintJob("docs", 1), elsewhere},
		caller{"the run", "session", claim.Session, thisSite},
		caller{"another run", "session", session(func(g *auth.Grant) { g.Run = "run-2" }), elsewhere},
		caller{"another release's run", "session", session(func(g *auth.Grant) { g.Release = 2 }), elsewhere},
		caller{"another site's run", "session", session(func(g *auth.Grant) { g.Site = "docs" }), elsewhere},
		caller{"nobody", "", "", nobody},
		caller{"an unknown token", "", "operator-tokem", nobody},
		caller{"a token's hash", "", auth.HashToken("operator-token"), nobody},
		caller{"a forged session", "", forged, nobody},
		caller{"a session that is over", "", b.app.keys.Mint("prs_", over), nobody},
		caller{"a job as a session", "", "prs_" + strings.TrimPrefix(handed.Bearer, "prj_"), nobody},
	), handed.Token
}

// withCallers adds the tokens of callersOfAllKinds, and a second site. GitHub
// carries out a third one.
func withCallers(c *config.Config) {
	gitHub, local := c.Sites["www"], c.Sites["www"]
	local.Runner, local.GitHub = "local", config.SiteGitHub{}
	c.Sites = map[string]config.Site{"www": local, "docs": local, "third": gitHub}
	for _, role := range []string{"cms", "run", "editor", "operator", "monitor"} {
		for name, sites := range map[string][]string{role: nil, role + "-www": {"www"}, role + "-docs": {"docs"}} {
			c.Tokens = append(c.Tokens, config.Token{Name: name, Role: role, Sites: sites, SHA256: auth.HashToken(name + "-token")})
		}
	}
}

// may says whether a caller is let through where the table has a word.
func (c caller) may(t *testing.T, word string) bool {
	t.Helper()
	switch word {
	case "open", "theirs":
		return true
	case "yes":
		return c.scope != elsewhere
	case "own":
		return c.scope == thisSite
	case "all":
		return c.scope == allSites
	case "–", "signed":
		return false
	}
	t.Fatalf("docs/api.md: what does %q mean?", word)
	return false
}

// secretOfWWW is in a request of site www: whoever is good for other sites only
// must never see it.
const secretOfWWW = "what only www may know"

// Every operation of the description is called by every kind of caller, and lets
// through whom the table of docs/api.md lets through.
func TestEveryCallLetsThroughWhomTheTableSays(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, withCallers)
	table := permissions(t)
	asked, err := h.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromEditor, Title: secretOfWWW})
	if err != nil {
		t.Fatal(err)
	}
	callers, token := h.callersOfAllKinds(t)
	const run = `"run":{"id":"run-1","attempt":1}`
	figures, err := json.Marshal(api.Metrics{Pages: 1})
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{
		"claim":  `{"release":1,"token":"` + token + `",` + run + `}`,
		"report": `{` + run + `,"sequence":1,"state":"in_progress"}`, "heartbeat": `{` + run + `}`,
		"fail": `{` + run + `,"sequence":2,"why":"broken","fault":"build"}`, "metrics": string(figures),
		"content": `{` + run + `,"sequence":1,"consistency":"quiet"}`, "account": `{"lines":"H4sIAAAAAAACA6tWSkxJKUotLlayUtJXquUCACIr5jgQAAAA"}`,
		"request-move":   `{"not_before":"2026-12-24T18:00:00Z"}`,
		"allow":          `{"guards":["broken-links"],"why":"the shop follows"}`,
		"preview-create": `{"ref":"feature/menu"}`, "preview-extend": `{"days":30}`,
		"rollback": `{"to":1,"why":"wrong hours"}`,
		"freeze":   `{"to":"2999-01-01T00:00:00Z","why":"moving"}`,
	}
	queries := map[string]string{"page-text": "?path=index.html"}
	sources := map[string]string{"cms": "content", "run": "workflow", "editor": "editor", "operator": "operator"}
	fill := strings.NewReplacer("{site}", "www", "{number}", "1", "{id}", asked.ID, "{hook}", "cms", "{target}", "cms")
	described := map[string]bool{}
	doc := describe(t, h.bench).doc.Paths.Map()
	for _, path := range slices.Sorted(maps.Keys(doc)) {
		for method, op := range doc[path].Operations() {
			described[op.OperationID] = true
			row, ok := table[op.OperationID]
			if !ok {
				t.Errorf("docs/api.md does not say who may call %s (%s %s)", op.OperationID, method, path)
				continue
			}
			for _, c := range callers {
				body := bodies[op.OperationID]
				if op.OperationID == "ask" {
					body = `{"source":"` + sources[c.kind] + `"}`
				}
				if body == "" && method == http.MethodPost {
					body = `{}`
				}
				got, text := h.callAs(t, c.bearer, method, fill.Replace(path)+queries[op.OperationID], body)
				wantCell(t, c, row, op.OperationID, got)
				if c.scope == elsewhere && strings.Contains(text, secretOfWWW) {
					t.Errorf("%s: %s is told of www: %.200s", op.OperationID, c.name, text)
				}
			}
		}
	}
	for name := range table {
		if !described[name] {
			t.Errorf("docs/api.md has a row for %s, which is no operation", name)
		}
	}
}

func wantCell(t *testing.T, c caller, row map[string]string, operation string, got int) {
	t.Helper()
	word, known := row[c.kind]
	switch {
	case row["operator"] == "open":
		word = "open"
	case row["operator"] == "signed":
		if got != http.StatusUnauthorized {
			t.Errorf("%s: %s got %d, want 401: it is not signed", operation, c.name, got)
		}
		return
	case c.scope == nobody:
		if got != http.StatusUnauthorized {
			t.Errorf("%s: %s got %d, want 401", operation, c.name, got)
		}
		return
	case !known:
		t.Fatalf("docs/api.md has no column %q", c.kind)
	}
	// A call that is let through may still meet a release that is over.
	through := got < 400 || got == http.StatusConflict || got == http.StatusNotFound
	refused := got == http.StatusForbidden
	if may := c.may(t, word); may && !through || !may && !refused {
		t.Errorf("%s: %s got %d, where the table says %q", operation, c.name, got, word)
	}
}

// callAs makes a call and gives its status and text.
func (b *bench) callAs(t *testing.T, bearer, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json") // the events as a list
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
