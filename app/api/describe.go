package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/runner"
)

// call is the description of a route that huma does not serve.
type call struct {
	Method, Path, ID, Tag, Summary string
	Params                         []*huma.Param
	Status                         string // of a success
	// Answers are the types of a success, by media type; nil for one without a schema.
	Answers map[string]reflect.Type
	// Refusal is the media type of a refusal.
	Refusal string
	Open    bool // no token is needed
	// serve answers; nil for what a runner serves.
	serve http.HandlerFunc
}

// problemType is the media type of a problem (RFC 9457).
const problemType = "application/problem+json"

// describe puts the routes that huma does not serve into the description of the
// API, so that it names every call.
func describe(h huma.API, calls []call) {
	schema := func(t reflect.Type) *huma.Schema { return h.OpenAPI().Components.Schemas.Schema(t, true, "") }
	for _, c := range calls {
		answer := &huma.Response{Description: "Done", Content: map[string]*huma.MediaType{}}
		for kind, t := range c.Answers {
			answer.Content[kind] = &huma.MediaType{}
			if t != nil {
				answer.Content[kind].Schema = schema(t)
			}
		}
		refusal := &huma.Response{Description: "Refused", Content: map[string]*huma.MediaType{c.Refusal: {}}}
		if c.Refusal == problemType {
			refusal.Content[problemType].Schema = schema(reflect.TypeFor[api.Problem]())
		}
		o := &huma.Operation{
			OperationID: c.ID, Method: c.Method, Path: c.Path, Tags: []string{c.Tag}, Summary: c.Summary, Parameters: c.Params,
			Responses: map[string]*huma.Response{c.Status: answer, "default": refusal},
		}
		if c.Open {
			o.Security = []map[string][]string{}
		}
		h.OpenAPI().AddOperation(o)
	}
}

// ownCalls are those of this package, each with its handler: a call that is not described
// is not served.
func ownCalls(serve map[string]http.HandlerFunc) []call {
	const get = http.MethodGet
	calls := []call{
		{
			Method: get, Path: "/healthz", ID: "health", Tag: "app", Summary: "Whether the app can read its ledger", Open: true,
			Status: "200", Answers: map[string]reflect.Type{"application/json": reflect.TypeFor[health]()}, Refusal: problemType,
		},
		{
			Method: get, Path: "/readyz", ID: "ready", Tag: "app", Summary: "Whether the app takes requests and gets them live, part by part; 503 says why not", Open: true,
			Status: "200", Answers: map[string]reflect.Type{"application/json": reflect.TypeFor[api.Readiness]()}, Refusal: problemType,
		},
		{
			Method: get, Path: "/metrics", ID: "scrape", Tag: "app", Summary: "Figures for Prometheus",
			Status: "200", Answers: map[string]reflect.Type{"text/plain": nil}, Refusal: problemType,
		},
		{
			Method: get, Path: "/v1/events", ID: "events", Tag: "events", Refusal: problemType,
			Summary: "The audit trail as it grows; with Accept: application/json, page by page",
			Status:  "200", Answers: map[string]reflect.Type{"text/event-stream": nil, "application/json": reflect.TypeFor[eventList]()},
			Params: []*huma.Param{
				param("site", "query", "string", "only this site's events"),
				param("after", "query", "integer", "the id of the last event that was seen; 0 for all"),
				param("limit", "query", "integer", "of a page: 1 to 500 events at most"),
				param("Last-Event-ID", "header", "integer", "the same as after, as browsers send it"),
			},
		},
		{
			Method: get, Path: "/v1/sites/{site}/releases/{number}/log", ID: "log", Tag: "releases", Refusal: problemType,
			Summary: "The output of a release's run", Status: "200", Answers: map[string]reflect.Type{"text/plain": nil},
			Params: []*huma.Param{param("site", "path", "string", ""), param("number", "path", "integer", "")},
		},
		{
			Method: get, Path: "/v1/sites/{site}/releases/{number}/account", ID: "addresses", Tag: "releases", Refusal: problemType,
			Summary: "What became of every address of a bake: JSON lines", Status: "200", Answers: map[string]reflect.Type{"application/x-ndjson": nil},
			Params: []*huma.Param{param("site", "path", "string", ""), param("number", "path", "integer", "")},
		},
		{
			Method: get, Path: "/v1/backup", ID: "backup", Tag: "operators", Summary: "A whole copy of the ledger, as of now",
			Status: "200", Answers: map[string]reflect.Type{"application/vnd.sqlite3": nil}, Refusal: problemType,
		},
	}
	for i := range calls {
		calls[i].serve = serve[calls[i].ID]
	}
	return calls
}

// runnerCalls are the calls that runners serve.
func runnerCalls(routes []runner.Route) []call {
	var calls []call
	for _, r := range routes {
		if r.Call == nil {
			continue
		}
		method, path, _ := strings.Cut(r.Pattern, " ")
		c := call{
			Method: method, Path: path, ID: r.Call.ID, Tag: r.Call.Tag, Summary: r.Call.Summary,
			Status: strconv.Itoa(r.Call.Status), Refusal: problemType, Open: r.Call.Open,
		}
		if r.Call.PlainRefusals {
			c.Refusal = "text/plain"
		}
		if r.Call.Answer != nil {
			c.Answers = map[string]reflect.Type{"application/json": reflect.TypeOf(r.Call.Answer)}
		}
		for _, header := range r.Call.Headers {
			c.Params = append(c.Params, param(header.Name, "header", "string", header.Meaning))
		}
		calls = append(calls, c)
	}
	return calls
}

// param describes a parameter of a call; one of the path is required.
func param(name, in, kind, words string) *huma.Param {
	return &huma.Param{Name: name, In: in, Description: words, Required: in == "path", Schema: &huma.Schema{Type: kind}}
}

// serveDescription serves the API's description in huma's forms, each made once. huma's own
// handlers make it without a lock at the first call (api.go of v2.39.1), so that two first
// calls at once race.
func serveDescription(mux *http.ServeMux, h huma.API) {
	for _, form := range []struct {
		path, kind string
		make       func() ([]byte, error)
	}{
		{"/openapi.json", "application/openapi+json", func() ([]byte, error) { return json.Marshal(h.OpenAPI()) }},
		{"/openapi-3.0.json", "application/openapi+json", func() ([]byte, error) { return h.OpenAPI().Downgrade() }},
		{"/openapi.yaml", "application/openapi+yaml", func() ([]byte, error) { return h.OpenAPI().YAML() }},
		{"/openapi-3.0.yaml", "application/openapi+yaml", func() ([]byte, error) { return h.OpenAPI().DowngradeYAML() }},
	} {
		text := sync.OnceValues(form.make)
		mux.HandleFunc("GET "+form.path, func(w http.ResponseWriter, _ *http.Request) {
			body, err := text()
			if err != nil {
				http.Error(w, "the description can't be made", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", form.kind)
			_, _ = w.Write(body) // the reader may be gone
		})
	}
}
