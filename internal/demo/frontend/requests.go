package frontend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/boundedfile"
	"github.com/pressrun/pressrun/internal/text"
)

const (
	maxRequestsFile = 8 << 20
	maxChangedText  = 200
)

// served is the part of a request that is worth printing.
type served struct {
	Title  string `json:"title"`
	Entity string `json:"entity"`
	Action string `json:"action"`
	Actor  string `json:"actor"`
}

// readRequests reads the file of served requests: a list of requests, or an object with
// such a list as "requests". Unknown fields are ignored.
func readRequests(file string) ([]string, error) {
	data, err := boundedfile.Read(file, maxRequestsFile)
	if err != nil {
		return nil, fmt.Errorf("read served requests: %w", err)
	}
	changed, err := decodeRequests(data)
	if err != nil {
		return nil, fmt.Errorf("read served requests %s: %w", file, err)
	}
	return changed, nil
}

func decodeRequests(data []byte) ([]string, error) {
	var list []served
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		err = json.Unmarshal(data, &list)
	} else {
		object := struct {
			Requests *[]served `json:"requests"`
		}{Requests: &list}
		err = json.Unmarshal(data, &object)
	}
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	changed := make([]string, 0, len(list))
	for _, s := range list {
		changed = append(changed, s.line())
	}
	return changed, nil
}

// line is for a log: it can't hold line ends or terminal codes.
func (s served) line() string {
	var parts []string
	for _, part := range []string{s.Action, s.Entity, s.Title} {
		if part = extract(part); part != "" {
			parts = append(parts, part)
		}
	}
	if actor := extract(s.Actor); actor != "" {
		parts = append(parts, "by "+actor)
	}
	if len(parts) == 0 {
		return "a request without details"
	}
	return strings.Join(parts, " ")
}

func extract(said string) string { return text.Shorten(text.OneLine(said), maxChangedText) }
