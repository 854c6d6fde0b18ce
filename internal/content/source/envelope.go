package source

import (
	"bytes"
	"encoding/json"

	"github.com/pressrun/pressrun/internal/content"
)

// restEnvelope puts records, and the numbers that the settings point to, where the API's
// answers have them. It is nil if these are the array itself.
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
	steps := at.Steps()
	if len(steps) == 0 {
		return
	}
	for _, step := range steps[:len(steps)-1] {
		inner, ok := document[step].(map[string]any)
		if !ok {
			inner = map[string]any{}
			document[step] = inner
		}
		document = inner
	}
	document[steps[len(steps)-1]] = value
}
