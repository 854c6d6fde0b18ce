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

// Entry is what a list says of one page.
type Entry struct {
	Address string
	// Modified is when it was changed last, in RFC 3339; "" where the list does not say.
	Modified string
}

// WordPressFields are those of an entry that are asked for.
const WordPressFields = "link,source_url,count,modified_gmt"

// WordPressEntries reads a page of a list of entries: the addresses of their pages, and
// of a media entry the file alone, as whether it has a page is a setting.
func WordPressEntries(text []byte) ([]Entry, error) {
	var answer []struct {
		Link     string `json:"link"`
		Source   string `json:"source_url"`
		Count    *int   `json:"count"`        // of a term
		Modified string `json:"modified_gmt"` // in UTC, and without saying so
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("read the list of entries: %w", err)
	}
	var out []Entry
	for _, e := range answer {
		if e.Modified != "" {
			e.Modified += "Z"
		}
		switch {
		case e.Source != "":
			out = append(out, Entry{e.Source, e.Modified})
		case e.Count != nil && *e.Count == 0: // a term without entries has an empty page, or none
		case e.Link != "":
			out = append(out, Entry{e.Link, e.Modified})
		}
	}
	return out, nil
}
