package manifest

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Reserved says whether Pressrun itself writes a path: the release's marker, or the state.
// A built file of that name is never sent.
func Reserved(name, statePrefix string) bool {
	return name == MarkerPath || (statePrefix != "" && strings.HasPrefix(name, path.Clean(statePrefix)+"/"))
}

// MarkerPath is the path of a release's marker, a public file that names the release:
// reading it through the site's public address shows which release is live.
const MarkerPath = "pressrun-release.json"

// Marker is the content of MarkerPath.
type Marker struct {
	Site     string    `json:"site"`
	Release  int64     `json:"release"`
	Commit   string    `json:"commit,omitempty"`
	Sequence int64     `json:"sequence"` // of the deploy, at this destination
	At       time.Time `json:"at"`
}

// Encode writes the marker.
func (m Marker) Encode() ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode release marker: %w", err)
	}
	return append(body, '\n'), nil
}

// MarkerHeaders are the marker's headers: no cache may hold it.
const MarkerHeaders store.Headers = "cache-control: " + rules.CacheNever + "\ncontent-type: application/json; charset=utf-8\n"
