package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/serve"
	"github.com/pressrun/pressrun/internal/config"
)

// openAPI is what of the API's description the reference shows.
type openAPI struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID          string          `json:"operationId"`
	Summary     string          `json:"summary"`
	Description string          `json:"description"`
	Tags        []string        `json:"tags"`
	Parameters  []parameter     `json:"parameters"`
	RequestBody body            `json:"requestBody"`
	Responses   map[string]body `json:"responses"`
	method      string
	path        string
}

type parameter struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
	Schema      schema `json:"schema"`
}

type body struct {
	Description string `json:"description"`
	Content     map[string]struct {
		Schema schema `json:"schema"`
	} `json:"content"`
}

// described is the description that an app gives of itself.
func described() (doc openAPI, err error) {
	state, err := os.MkdirTemp("", "pressrun-docsite-*")
	if err != nil {
		return doc, fmt.Errorf("make a folder for an app: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(state)) }()
	conf := &config.Config{
		State: state, Listen: "127.0.0.1:0", Pages: config.Pages{Access: "local"},
		// Some calls are there for sites on GitHub alone.
		Sites: map[string]config.Site{"www": {Runner: config.RunnerGitHub, GitHub: config.SiteGitHub{Repository: "acme/www", Workflow: "content-release.yml", Ref: "main"}}},
	}
	app, err := serve.New(context.Background(), conf, slog.New(slog.DiscardHandler), "")
	if err != nil {
		return doc, fmt.Errorf("start an app: %w", err)
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	answer := httptest.NewRecorder()
	app.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://127.0.0.1/openapi.json", http.NoBody))
	if answer.Code != http.StatusOK {
		return doc, fmt.Errorf("read the API's description: %d %s", answer.Code, answer.Body)
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &doc); err != nil {
		return doc, fmt.Errorf("read the API's description: %w", err)
	}
	return doc, nil
}

// calls is a page of all calls of the API, made of the description that the app serves.
func calls() ([]byte, error) {
	doc, err := described()
	if err != nil {
		return nil, err
	}
	byTag := map[string][]operation{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			o := doc.Paths[path][method]
			o.method, o.path = strings.ToUpper(method), path
			tag := "others"
			if len(o.Tags) > 0 {
				tag = o.Tags[0]
			}
			byTag[tag] = append(byTag[tag], o)
		}
	}
	var b strings.Builder
	b.WriteString("# All calls of the API\n\nMade of the description that the app serves as `/openapi.json`. [api.md](../api.md) explains, and says who may make each.\n")
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		fmt.Fprintf(&b, "\n## About %s\n", tag)
		for _, o := range byTag[tag] {
			o.describe(&b)
		}
	}
	b.WriteString("\n## What is sent and answered\n")
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		of := doc.Components.Schemas[name]
		if len(of.Properties) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n| field | value | what it is |\n|---|---|---|\n", name)
		for _, key := range slices.Sorted(maps.Keys(of.Properties)) {
			p := of.Properties[key]
			value := p.kind()
			if slices.Contains(of.Required, key) {
				value += ", always there"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", key, value, cell(p.Description))
		}
	}
	return []byte(b.String()), nil
}

func (o operation) describe(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n`%s %s`\n\n%s.\n", o.ID, o.method, o.path, cell(strings.TrimSuffix(o.Summary, ".")))
	if o.Description != "" {
		fmt.Fprintf(b, "\n%s\n", cell(o.Description))
	}
	if len(o.Parameters) > 0 {
		b.WriteString("\n| parameter | value | what it is |\n|---|---|---|\n")
		for _, p := range o.Parameters {
			value := p.In + ", " + p.Schema.kind()
			if p.Required {
				value += ", required"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", p.Name, value, cell(p.Description))
		}
	}
	if sent := o.RequestBody.kinds(); sent != "" {
		fmt.Fprintf(b, "\nSent: %s\n", sent)
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if status == "default" || status >= "400" {
			continue
		}
		answer := o.Responses[status]
		fmt.Fprintf(b, "\nAnswer %s: %s\n", status, strings.TrimSuffix(cell(answer.Description)+", "+answer.kinds(), ", "))
	}
}

// kinds are the media types of a body with what is in each.
func (b body) kinds() string {
	var all []string
	for _, media := range slices.Sorted(maps.Keys(b.Content)) {
		kind := b.Content[media].Schema.kind()
		if kind == "any" {
			kind = "text"
		}
		all = append(all, fmt.Sprintf("%s (`%s`)", kind, media))
	}
	return strings.Join(all, ", ")
}
