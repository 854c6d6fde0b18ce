package discover

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// WordPress's REST API (https://developer.wordpress.org/rest-api/reference/): what
// types and taxonomies there are, and the addresses of all entries of each.
const (
	// WordPressTypes and WordPressTaxonomies are paths below the API's root.
	WordPressTypes      = "wp/v2/types"
	WordPressTaxonomies = "wp/v2/taxonomies"
	// WordPressPage is how many entries are asked for at once: the most there may be.
	WordPressPage = 100
	// WordPressPages is the header that says how many such pages there are.
	WordPressPages = "X-WP-TotalPages"
)

// hidden are types of WordPress whose entries have no pages of their own.
var hidden = []string{
	"wp_block", "wp_template", "wp_template_part", "wp_global_styles", "wp_navigation", "wp_font_family", "wp_font_face", "nav_menu_item", "revision", "nav_menu",
}

// Kind is a type or taxonomy of WordPress.
type Kind struct {
	Name string // "post"
	// List is the path below the API's root at which its entries are listed.
	List string
}

// WordPressKinds reads the answer about types or taxonomies.
func WordPressKinds(text []byte) ([]Kind, error) {
	var answer map[string]struct {
		Slug      string `json:"slug"`
		RestBase  string `json:"rest_base"`
		Namespace string `json:"rest_namespace"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("read the list of types: %w", err)
	}
	var out []Kind
	for name, k := range answer {
		if slices.Contains(hidden, name) || k.RestBase == "" || strings.ContainsAny(k.RestBase, "(?<") {
			continue
		}
		if k.Namespace == "" {
			k.Namespace = "wp/v2"
		}
		out = append(out, Kind{Name: name, List: k.Namespace + "/" + k.RestBase})
	}
	slices.SortFunc(out, func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// WordPressEntries reads a page of a list of entries: the addresses of their pages, and
// of a media entry the file alone, as whether it has a page is a setting.
func WordPressEntries(text []byte) ([]string, error) {
	var answer []struct {
		Link   string `json:"link"`
		Source string `json:"source_url"`
		Count  *int   `json:"count"` // of a term
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("read the list of entries: %w", err)
	}
	var out []string
	for _, e := range answer {
		switch {
		case e.Source != "":
			out = append(out, e.Source)
		case e.Count != nil && *e.Count == 0: // a term without entries has an empty page, or none
		case e.Link != "":
			out = append(out, e.Link)
		}
	}
	return out, nil
}
