package discover

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// API is a CMS's API that lists its pages.
type API struct {
	Name string
	// Lists are the paths of its first pages, from the CMS's root on.
	Lists func() []string
	// Index reads the addresses of the lists from an answer that names them instead of
	// pages; nil if Lists has them all.
	Index func(text []byte) ([]string, error)
	// Page reads an answer: the addresses of pages, and that of the next answer; "" at the end.
	Page func(at string, text []byte) (pages []string, next string, err error)
}

// ghostPage is the largest number of entries that Ghost gives at once
// (https://docs.ghost.org/content-api/#limit).
const ghostPage = 100

// Ghost is Ghost's Content API, with the key that its pages have in them.
func Ghost(key string) API {
	return API{
		Name: "Ghost",
		Lists: func() (lists []string) {
			for _, kind := range []string{"posts", "pages", "tags", "authors"} {
				lists = append(lists, "/ghost/api/content/"+kind+"/?key="+url.QueryEscape(key)+"&fields=url&limit="+strconv.Itoa(ghostPage)+"&page=1")
			}
			return lists
		},
		Page: ghostEntries,
	}
}

func ghostEntries(at string, text []byte) (pages []string, next string, err error) {
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, "", fmt.Errorf("read a list of Ghost: %w", err)
	}
	var meta struct {
		Pagination struct {
			Next int `json:"next"`
		} `json:"pagination"`
	}
	for name, part := range answer {
		if name == "meta" {
			err = json.Unmarshal(part, &meta)
		} else {
			var entries []struct {
				URL string `json:"url"`
			}
			err = json.Unmarshal(part, &entries)
			for _, e := range entries {
				pages = append(pages, e.URL)
			}
		}
		if err != nil {
			return nil, "", fmt.Errorf("read a list of Ghost: %w", err)
		}
	}
	if meta.Pagination.Next > 0 {
		path, query, _ := strings.Cut(at, "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			return pages, "", fmt.Errorf("read a list of Ghost: %w", err)
		}
		values.Set("page", strconv.Itoa(meta.Pagination.Next))
		next = path + "?" + values.Encode()
	}
	return pages, next, nil
}

// wagtailPage is how many pages Wagtail gives at once where nobody set more
// (https://docs.wagtail.org/en/stable/advanced_topics/api/v2/configuration.html#wagtailapi-limit-max).
const wagtailPage = 20

// Wagtail is Wagtail's API v2 at its usual address. Nothing says that a site has it.
func Wagtail() API {
	return API{
		Name:  "Wagtail",
		Lists: func() []string { return []string{"/api/v2/pages/?limit=" + strconv.Itoa(wagtailPage) + "&offset=0"} },
		Page:  wagtailEntries,
	}
}

func wagtailEntries(at string, text []byte) (pages []string, next string, err error) {
	var answer struct {
		Meta *struct {
			Total int `json:"total_count"`
		} `json:"meta"`
		Items []struct {
			Meta struct {
				URL string `json:"html_url"`
			} `json:"meta"`
		} `json:"items"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, "", fmt.Errorf("read a list of Wagtail: %w", err)
	}
	if answer.Meta == nil {
		return nil, "", errors.New("read a list of Wagtail: the answer has no meta")
	}
	for _, item := range answer.Items {
		if item.Meta.URL != "" {
			pages = append(pages, item.Meta.URL)
		}
	}
	path, query, _ := strings.Cut(at, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return pages, "", fmt.Errorf("read a list of Wagtail: %w", err)
	}
	offset, err := strconv.Atoi(values.Get("offset"))
	if err != nil {
		return pages, "", fmt.Errorf("read a list of Wagtail: %w", err)
	}
	if offset += len(answer.Items); len(answer.Items) > 0 && offset < answer.Meta.Total {
		values.Set("offset", strconv.Itoa(offset))
		next = path + "?" + values.Encode()
	}
	return pages, next, nil
}

// Drupal is Drupal's JSON:API (https://www.drupal.org/docs/core-modules-and-themes/core-modules/jsonapi-module),
// where that is on: nodes and terms, by their paths.
func Drupal() API {
	return API{
		Name:  "Drupal",
		Lists: func() []string { return []string{"/jsonapi"} },
		Index: drupalIndex,
		Page:  drupalEntries,
	}
}

func drupalIndex(text []byte) (lists []string, err error) {
	var answer struct {
		Links map[string]struct {
			Href string `json:"href"`
		} `json:"links"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("read the list of Drupal's resources: %w", err)
	}
	for name, link := range answer.Links {
		if strings.HasPrefix(name, "node--") || strings.HasPrefix(name, "taxonomy_term--") {
			lists = append(lists, link.Href+"?"+url.Values{"fields[" + name + "]": {"path,langcode,drupal_internal__nid,drupal_internal__tid"}}.Encode())
		}
	}
	return lists, nil
}

func drupalEntries(_ string, text []byte) (pages []string, next string, err error) {
	var answer struct {
		Data []struct {
			Attributes struct {
				Node int `json:"drupal_internal__nid"`
				Term int `json:"drupal_internal__tid"`
				Path struct {
					Alias string `json:"alias"`
				} `json:"path"`
			} `json:"attributes"`
		} `json:"data"`
		Links struct {
			Next struct {
				Href string `json:"href"`
			} `json:"next"`
		} `json:"links"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, "", fmt.Errorf("read a list of Drupal: %w", err)
	}
	for _, d := range answer.Data {
		switch a := d.Attributes; {
		case a.Path.Alias != "":
			pages = append(pages, a.Path.Alias)
		case a.Node > 0:
			pages = append(pages, "/node/"+strconv.Itoa(a.Node))
		case a.Term > 0:
			pages = append(pages, "/taxonomy/term/"+strconv.Itoa(a.Term))
		}
	}
	return pages, answer.Links.Next.Href, nil
}
