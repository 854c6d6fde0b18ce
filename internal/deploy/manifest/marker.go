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

// Reserved says whether a path is one that Pressrun writes itself: the
// release's marker, or the state. A build's own file of that name is never sent.
func Reserved(name, statePrefix string) bool {
	return name == MarkerPath || (statePrefix != "" && strings.HasPrefix(name, path.Clean(statePrefix)+"/"))
}

// MarkerPath is where a release says publicly what it is, so that "live" can be
// checked by reading it through the site's own address.
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

// MarkerHeaders keep every cache from holding the marker.
const MarkerHeaders store.Headers = "cache-control: " + rules.CacheNever + "\ncontent-type: application/json; charset=utf-8\n"
