// Package hugosite writes the demo CMS's content as a site that Hugo builds: the
// end-to-end test thereby releases the output of a real static site generator.
// Written for Hugo 0.111.3 (Debian 12) and later.
package hugosite

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/demo/content"
	"github.com/pressrun/pressrun/internal/demo/markup"
	"github.com/pressrun/pressrun/internal/demo/tree"
)

//go:embed all:site
var siteFiles embed.FS

// config is Hugo's configuration. It switches off features that would make a
// page depend on something other than the content.
type config struct {
	BaseURL      string         `json:"baseURL"`
	Title        string         `json:"title"`
	LanguageCode string         `json:"languageCode"`
	BuildFuture  bool           `json:"buildFuture"` // a CMS whose clock is ahead must not lose pages
	DisableKinds []string       `json:"disableKinds"`
	Params       map[string]any `json:"params"`
	Markup       map[string]any `json:"markup"`
}

// frontMatter is the JSON front matter of an article. Hugo escapes title and
// description in templates; "summary" it would take for HTML.
type frontMatter struct {
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Date        time.Time `json:"date"`
	Author      string    `json:"author"`
}

// WriteContent fetches all published articles from the CMS and writes them
// into dir, which then is a whole Hugo site: "hugo --source dir" builds it.
//
// It owns dir/layouts, dir/assets and dir/content/articles, which it replaces
// whole, and dir/config.json; anything else in dir stays. The content is
// fetched and checked before anything is written.
func WriteContent(ctx context.Context, cmsURL, dir string) error {
	listing, err := content.Fetch(ctx, cmsURL)
	if err != nil {
		return err
	}
	articles, err := articleFiles(listing.Articles)
	if err != nil {
		return err
	}
	settings, err := encode(configOf(listing.Site))
	if err != nil {
		return err
	}
	if err := tree.Replace(filepath.Join(dir, "content", "articles"), articles); err != nil {
		return fmt.Errorf("write Hugo content: %w", err)
	}
	for _, folder := range []string{"layouts", "assets"} {
		if err := writeFolder(dir, folder); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), settings, 0o600); err != nil {
		return fmt.Errorf("write Hugo configuration: %w", err)
	}
	return nil
}

func configOf(site content.Site) config {
	base := site.URL
	if base == "" {
		base = "/"
	}
	return config{
		BaseURL: base, Title: site.Name, LanguageCode: "en", BuildFuture: true,
		DisableKinds: []string{"taxonomy", "term"},
		Params:       map[string]any{"tagline": site.Tagline},
		Markup: map[string]any{"goldmark": map[string]any{
			"renderer":   map[string]any{"unsafe": false},
			"extensions": map[string]any{"typographer": false, "linkify": false},
		}},
	}
}

// articleFiles makes a page bundle per article. A plain slug.md would not do:
// Hugo gives a file named index.md another meaning.
func articleFiles(articles []content.Article) (map[string][]byte, error) {
	files := make(map[string][]byte, len(articles)+1)
	section, err := encode(map[string]string{"title": "Articles"})
	if err != nil {
		return nil, err
	}
	files["_index.md"] = section
	for _, a := range articles {
		page, err := pageOf(a)
		if err != nil {
			return nil, fmt.Errorf("article %q: %w", a.ID, err)
		}
		files[a.Slug+"/index.md"] = page
	}
	return files, nil
}

func pageOf(a content.Article) ([]byte, error) {
	head, err := encode(frontMatter{Title: a.Title, Description: a.Summary, Date: a.UpdatedAt.UTC(), Author: a.Author})
	if err != nil {
		return nil, err
	}
	return append(append(head, '\n'), markdown(markup.Parse(a.Body))...), nil
}

func encode(value any) ([]byte, error) {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode for Hugo: %w", err)
	}
	return append(data, '\n'), nil
}

func writeFolder(dir, folder string) error {
	files := map[string][]byte{}
	err := fs.WalkDir(siteFiles, "site/"+folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := siteFiles.ReadFile(name)
		files[strings.TrimPrefix(name, "site/"+folder+"/")] = data
		return err
	})
	if err != nil {
		return fmt.Errorf("read Hugo %s: %w", folder, err)
	}
	if err := tree.Replace(filepath.Join(dir, folder), files); err != nil {
		return fmt.Errorf("write Hugo %s: %w", folder, err)
	}
	return nil
}
