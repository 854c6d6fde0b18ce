package fakegithub

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

//go:embed testdata/openapi.json testdata/webhooks/*.json
var testdata embed.FS

// spec is GitHub's description of the calls that we make.
type spec struct{ router routers.Router }

var loadSpec = sync.OnceValues(func() (*spec, error) {
	text, err := testdata.ReadFile("testdata/openapi.json")
	if err != nil {
		return nil, fmt.Errorf("read GitHub's description: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("read GitHub's description: %w", err)
	}
	doc.Servers = nil // any host is GitHub here
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("read GitHub's description: %w", err)
	}
	return &spec{router: router}, nil
})

// exchange is a request with the answer that it got.
type exchange struct {
	request *http.Request
	body    []byte
	status  int
	header  http.Header
	answer  []byte
}

// check holds a call against the description.
func (s *spec) check(e exchange) error {
	r := e.request.Clone(context.Background())
	r.URL = described(r.URL)
	r.Body = io.NopCloser(bytes.NewReader(e.body))
	r.ContentLength = int64(len(e.body))
	route, params, err := s.router.FindRoute(r)
	if err != nil {
		return fmt.Errorf("GitHub has no such call: %w", err)
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true}
	// A violation is a line, not the whole schema.
	options.WithCustomSchemaErrorFunc(func(err *openapi3.SchemaError) string {
		return "/" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
	})
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if e.status < 400 || e.status >= 500 { // a refusal may well be of what does not fit
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return fmt.Errorf("the request: %w", err)
		}
	}
	if e.status >= 400 {
		return nil // the description does not list every refusal
	}
	if route.Operation.Responses.Status(e.status) == nil {
		return fmt.Errorf("the answer %d is not in the description", e.status)
	}
	if len(e.answer) == 0 || strings.Contains(route.Path, "/contents/") { // kin-openapi can't tell that one's variants apart
		return nil
	}
	if err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: e.status, Header: e.header, Body: io.NopCloser(bytes.NewReader(e.answer)),
	}); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	return nil
}

// described is a call's address as the description has it: below no prefix,
// and with a file's path, or a branch's name, as one segment.
func described(u *url.URL) *url.URL {
	out := *u
	if before, file, ok := strings.Cut(u.Path, "/contents/"); ok {
		out.Path = before + "/contents/" + strings.ReplaceAll(file, "/", "-")
		out.RawPath = ""
	}
	if before, ref, ok := strings.Cut(u.Path, "/git/ref/"); ok {
		out.Path, out.RawPath = before+"/git/ref/"+strings.ReplaceAll(ref, "/", "-"), ""
	}
	return &out
}
