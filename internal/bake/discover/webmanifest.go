package discover

import (
	"encoding/json"
	"slices"
)

// WebManifest reads the addresses in a web app manifest
// (https://www.w3.org/TR/appmanifest/), which count from its own. Any other text has
// none.
func WebManifest(text []byte) []string {
	type image struct {
		Src string `json:"src"`
	}
	var m struct {
		StartURL    string  `json:"start_url"`
		Icons       []image `json:"icons"`
		Screenshots []image `json:"screenshots"`
		Shortcuts   []struct {
			URL   string  `json:"url"`
			Icons []image `json:"icons"`
		} `json:"shortcuts"`
	}
	if json.Unmarshal(text, &m) != nil {
		return nil
	}
	out := []string{m.StartURL}
	images := append(m.Icons, m.Screenshots...)
	for _, s := range m.Shortcuts {
		out = append(out, s.URL)
		images = append(images, s.Icons...)
	}
	for _, i := range images {
		out = append(out, i.Src)
	}
	return slices.DeleteFunc(out, func(address string) bool { return address == "" })
}
