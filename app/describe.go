package app

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// describeRaw puts the routes that huma does not serve into the description
// of the API, so that it names every call.
func describeRaw(h huma.API) {
	text := func(name, in, words string) *huma.Param {
		return &huma.Param{Name: name, In: in, Description: words, Required: in == "path", Schema: &huma.Schema{Type: "string"}}
	}
	for _, op := range []struct {
		path, id, tag, summary, answer string
		params                         []*huma.Param
		open                           bool
	}{
		{path: "/healthz", id: "health", tag: "app", summary: "Whether the app can read its ledger", answer: "application/json", open: true},
		{
			path: "/v1/events", id: "events", tag: "events", answer: "text/event-stream",
			summary: "The audit trail as it grows; with Accept: application/json, page by page",
			params: []*huma.Param{
				text("site", "query", "only this site's events"), text("after", "query", "the id of the last event that was seen; 0 for all"),
				text("Last-Event-ID", "header", "the same, as browsers send it"),
			},
		},
		{
			path: "/v1/sites/{site}/releases/{number}/log", id: "log", tag: "releases", answer: "text/plain",
			summary: "The output of a release's run", params: []*huma.Param{text("site", "path", ""), text("number", "path", "")},
		},
		{path: "/v1/backup", id: "backup", tag: "operators", summary: "A whole copy of the ledger, as of now", answer: "application/vnd.sqlite3"},
	} {
		o := &huma.Operation{
			OperationID: op.id, Method: http.MethodGet, Path: op.path, Tags: []string{op.tag}, Summary: op.summary, Parameters: op.params,
			Responses: map[string]*huma.Response{
				"200":     {Description: "OK", Content: map[string]*huma.MediaType{op.answer: {}}},
				"default": {Description: "Refused", Content: map[string]*huma.MediaType{"application/problem+json": {}}},
			},
		}
		if op.open {
			o.Security = []map[string][]string{}
		}
		h.OpenAPI().AddOperation(o)
	}
}
