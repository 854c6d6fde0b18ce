package job

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/boundedfile"
	"github.com/pressrun/pressrun/internal/content/export"
)

// mostRequests bounds the file of requests, in bytes.
const mostRequests = 8 << 20

// Hints are the records that the requests in a file name, by type and id. It is the file
// that a run makes for the build; "" gives none.
func Hints(file string) ([]export.Hint, error) {
	if file == "" {
		return nil, nil
	}
	text, err := boundedfile.Read(file, mostRequests)
	if err != nil {
		return nil, fmt.Errorf("read the requests that are served: %w", err)
	}
	found, err := parseHints(text)
	if err != nil {
		return nil, fmt.Errorf("read the requests that are served: %s: %w", file, err)
	}
	return found, nil
}

func parseHints(text []byte) ([]export.Hint, error) {
	var served struct {
		Requests []struct {
			Entity string `json:"entity"`
		} `json:"requests"`
	}
	if err := json.Unmarshal(text, &served); err != nil {
		return nil, fmt.Errorf("it is not the JSON that a run writes: %w", err)
	}
	var found []export.Hint
	for _, r := range served.Requests {
		if at := strings.LastIndex(r.Entity, "/"); at > 0 && at+1 < len(r.Entity) {
			found = append(found, export.Hint{Type: r.Entity[:at], ID: r.Entity[at+1:]})
		}
	}
	return found, nil
}
