package discover

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// WordPress's REST API (https://developer.wordpress.org/rest-api/reference/) lists the
// types and taxonomies, and the entries of each.
const (
	// WordPressTypes and WordPressTaxonomies are paths below the API's root.
	WordPressTypes      = "wp/v2/types"
	WordPressTaxonomies = "wp/v2/taxonomies"
	// WordPressPage is the largest number of entries that WordPress gives at once.
	WordPressPage = 100
	// WordPressPages is the header with the number of such pages.
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

// Entry is a page in a list.
type Entry struct {
	Address string
	// Modified is the time of its last change, in RFC 3339; "" if the list gives none.
	Modified string
}

// WordPressFields are the requested fields of an entry.
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
