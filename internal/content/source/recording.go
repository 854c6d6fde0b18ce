package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// Recording keeps a source's answers about its lists, so that a copy can be served while
// the CMS is down.
type Recording struct {
	// Answers are by method and address.
	Answers map[string]Recorded `json:"answers"`

	ask Asker
}

// Recorded is one answer.
type Recorded struct {
	Status int    `json:"status"`
	Body   string `json:"body,omitempty"`
}

// Record records the answers of a source.
func Record(ask Asker) *Recording { return &Recording{map[string]Recorded{}, ask} }

// Replay reads a recording.
func Replay(text []byte) (*Recording, error) {
	r := new(Recording)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read the recorded answers about the source's lists: %w", err)
	}
	return r, nil
}

// Ask asks the source and records the answer; of Replay it repeats the recorded one.
func (r *Recording) Ask(ctx context.Context, request content.Request, read func(fetch.Answer) error) error {
	key := request.Method + " " + request.URL
	if r.ask == nil {
		a, ok := r.Answers[key]
		switch {
		case !ok:
			return fmt.Errorf("the copy has no recorded answer to %s: export again", key)
		case a.Status/100 != 2:
			return &fetch.StatusError{Status: a.Status, Asked: key}
		}
		return read(fetch.Answer{Status: a.Status, Body: []byte(a.Body)})
	}
	err := r.ask.Ask(ctx, request, func(a fetch.Answer) error {
		r.Answers[key] = Recorded{a.Status, string(a.Body)}
		return read(a)
	})
	if refused, ok := errors.AsType[*fetch.StatusError](err); ok {
		r.Answers[key] = Recorded{Status: refused.Status}
	}
	return err
}
