package app

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/runner"
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
	for _, c := range append(appCalls(h), runnerCalls(h, a.runner.Routes())...) {
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

// runnerCalls are those that the runners bring.
func runnerCalls(h huma.API, routes []runner.Route) []rawCall {
	var calls []rawCall
	for _, r := range routes {
		if r.Call == nil {
			continue
		}
		method, path, _ := strings.Cut(r.Pattern, " ")
		call := rawCall{
			method: method, path: path, id: r.Call.ID, tag: r.Call.Tag, summary: r.Call.Summary,
			status: strconv.Itoa(r.Call.Status), refusal: problemKind, open: r.Call.Open,
		}
		if r.Call.PlainRefusals {
			call.refusal = "text/plain"
		}
		if r.Call.Answer != nil {
			call.answers = map[string]*huma.Schema{"application/json": h.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(r.Call.Answer), true, "")}
		}
		for _, header := range r.Call.Headers {
			call.params = append(call.params, param(header.Name, "header", "string", header.Meaning))
		}
		calls = append(calls, call)
	}
	return calls
}

func schemaOf[T any](h huma.API) *huma.Schema {
	return h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

func param(name, in, kind, words string) *huma.Param {
	return &huma.Param{Name: name, In: in, Description: words, Required: in == "path", Schema: &huma.Schema{Type: kind}}
}
