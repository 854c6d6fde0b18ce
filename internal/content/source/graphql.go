package source

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/pressrun/pressrun/internal/content"
)

// graphQL is any API that answers GraphQL over HTTP, as a file of settings describes it
// (https://graphql.github.io/graphql-over-http/). Its URL is the endpoint.
var graphQL = Kind{Name: "graphql", Title: "any GraphQL API, described by a file", Lists: graphQLLists, Credential: bearer}

func graphQLLists(_ context.Context, _ Asker, s Settings) ([]content.Type, error) {
	var lists []content.Type
	for _, l := range s.Lists {
		t := restList(l)
		t.Since, t.Sparse, t.ByID, t.Serves = nil, nil, nil, nil
		t.Body = l.graphQLBody
		lists = append(lists, t)
	}
	return chosen(lists, s.Types)
}

// graphQLBody asks for the page after a cursor; the first has null in its place.
func (l ListSettings) graphQLBody(position string) []byte {
	variables := maps.Clone(l.Variables)
	if variables == nil {
		variables = map[string]any{}
	}
	if l.Cursor != "" {
		variables[l.Cursor] = nil
		if position != "" {
			variables[l.Cursor] = position
		}
	}
	body, err := json.Marshal(map[string]any{"query": l.GraphQL, "variables": variables})
	if err != nil {
		return nil // of YAML: it can be encoded, or Check would have refused it
	}
	return body
}
