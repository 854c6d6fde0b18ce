package app

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/internal/api"
)

// rawCall is a route that huma does not serve, as it is described.
type rawCall struct {
	method, path, id, tag, summary string
	params                         []*huma.Param
	status                         string // of a success
	// answers are what a success may be, by kind; nil for what has no schema.
	answers map[string]*huma.Schema
	// refusal is the kind of a refusal.
	refusal string
	open    bool // no token is needed
}

const problemKind = "application/problem+json"

// describeRaw puts the routes that huma does not serve into the description
// of the API, so that it names every call.
func (a *App) describeRaw(h huma.API) {
	calls := appCalls(h)
	if a.github.wanted {
		calls = append(calls, gitHubCalls(h)...)
	}
	for _, c := range calls {
		answer := &huma.Response{Description: "Done", Content: map[string]*huma.MediaType{}}
		for kind, schema := range c.answers {
			answer.Content[kind] = &huma.MediaType{Schema: schema}
		}
		refusal := &huma.Response{Description: "Refused", Content: map[string]*huma.MediaType{c.refusal: {}}}
		if c.refusal == problemKind {
			refusal.Content[problemKind].Schema = schemaOf[api.Problem](h)
		}
		o := &huma.Operation{
			OperationID: c.id, Method: c.method, Path: c.path, Tags: []string{c.tag}, Summary: c.summary, Parameters: c.params,
			Responses: map[string]*huma.Response{c.status: answer, "default": refusal},
		}
		if c.open {
			o.Security = []map[string][]string{}
		}
		h.OpenAPI().AddOperation(o)
	}
}

// appCalls are those of every app.
func appCalls(h huma.API) []rawCall {
	const get = http.MethodGet
	return []rawCall{
		{
			method: get, path: "/healthz", id: "health", tag: "app", summary: "Whether the app can read its ledger", open: true,
			status: "200", answers: map[string]*huma.Schema{"application/json": schemaOf[health](h)}, refusal: problemKind,
		},
		{
			method: get, path: "/v1/events", id: "events", tag: "events", refusal: problemKind,
			summary: "The audit trail as it grows; with Accept: application/json, page by page",
			status:  "200", answers: map[string]*huma.Schema{"text/event-stream": nil, "application/json": schemaOf[eventList](h)},
			params: []*huma.Param{
				param("site", "query", "string", "only this site's events"),
				param("after", "query", "integer", "the id of the last event that was seen; 0 for all"),
				param("limit", "query", "integer", "of a page: 1 to 500 events at most"),
				param("Last-Event-ID", "header", "integer", "the same as after, as browsers send it"),
			},
		},
		{
			method: get, path: "/v1/sites/{site}/releases/{number}/log", id: "log", tag: "releases", refusal: problemKind,
			summary: "The output of a release's run", status: "200", answers: map[string]*huma.Schema{"text/plain": nil},
			params: []*huma.Param{param("site", "path", "string", ""), param("number", "path", "integer", "")},
		},
		{
			method: get, path: "/v1/backup", id: "backup", tag: "operators", summary: "A whole copy of the ledger, as of now",
			status: "200", answers: map[string]*huma.Schema{"application/vnd.sqlite3": nil}, refusal: problemKind,
		},
	}
}

// gitHubCalls are those of an app with sites that GitHub releases.
func gitHubCalls(h huma.API) []rawCall {
	return []rawCall{
		{
			method: http.MethodGet, path: "/v1/github/checks", id: "githubChecks", tag: "operators", refusal: problemKind,
			summary: "What releases need of GitHub, and what of it is missing",
			status:  "200", answers: map[string]*huma.Schema{"application/json": schemaOf[checkList](h)},
		},
		{
			method: http.MethodPost, path: hookPath, id: "githubWebhook", tag: "runs", refusal: "text/plain", open: true,
			summary: "GitHub's webhooks, signed with one of the configured secrets", status: "202",
			params: []*huma.Param{
				param("X-Hub-Signature-256", "header", "string", "HMAC-SHA256 of the body"),
				param("X-GitHub-Event", "header", "string", ""), param("X-GitHub-Delivery", "header", "string", "the same id is the same webhook"),
			},
		},
	}
}

func schemaOf[T any](h huma.API) *huma.Schema {
	return h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

func param(name, in, kind, words string) *huma.Param {
	return &huma.Param{Name: name, In: in, Description: words, Required: in == "path", Schema: &huma.Schema{Type: kind}}
}
