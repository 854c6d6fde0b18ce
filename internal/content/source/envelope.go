package source

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pressrun/pressrun/internal/content"
)

// restEnvelope puts records, and the numbers that the settings know of, where an answer
// of the API has them. It is nil where an answer is the array itself.
func restEnvelope(l ListSettings) func(content.ServedPage) ([]byte, error) {
	if l.Items == "" {
		return nil
	}
	return func(p content.ServedPage) ([]byte, error) {
		document := map[string]any{}
		put(document, l.Items, json.RawMessage("["+string(bytes.Join(p.Items, []byte(",")))+"]"))
		put(document, l.Pages.Total, p.Total)
		put(document, l.Pages.Pages, p.Pages)
		if p.Number+1 < p.Pages && l.Pages.CursorParam == "" {
			put(document, l.Pages.Next, p.At(p.Number+1))
		}
		return json.Marshal(document)
	}
}

// put puts a value at a pointer, making the objects that lead there.
func put(document map[string]any, at content.Pointer, value any) {
	steps := strings.Split(string(at), "/")
	if len(steps) < 2 {
		return
	}
	for i, step := range steps {
		steps[i] = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
	}
	for _, step := range steps[1 : len(steps)-1] {
		inner, ok := document[step].(map[string]any)
		if !ok {
			inner = map[string]any{}
			document[step] = inner
		}
		document = inner
	}
	document[steps[len(steps)-1]] = value
}
