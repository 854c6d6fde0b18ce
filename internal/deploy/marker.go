package deploy

import (
	"encoding/json"
	"fmt"
	"time"
)

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
const MarkerHeaders Headers = "cache-control: " + CacheNever + "\ncontent-type: application/json; charset=utf-8\n"
