package frontend

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/demo/content"
	"github.com/pressrun/pressrun/internal/demo/markup"
)

//go:embed templates
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// generator marks a page of this program. checkOut looks for it.
const generator = `<meta name="generator" content="Pressrun demo frontend">`

// page is the data of every template.
type page struct {
	Site        content.Site
	Base        string            // public address, no slash at its end
	Path        string            // this page's own, from the root
	Assets      map[string]string // plain name -> path with the content's hash
	AnalyticsID string
	DeployEnv   string // empty in production
	Title       string
	Description string
	Articles    []articleView
	Article     *articleView
}

// articleView is an article ready for a template.
type articleView struct {
	content.Article
	Path   string
	Blocks []markup.Block
}

// Render makes all the site's files in memory: path -> content. It is a pure
// function of its arguments; of the options it reads BaseURL, AnalyticsID and
// DeployEnv.
func Render(listing content.Listing, opts Options) (map[string][]byte, error) {
	base, err := opts.baseURL(listing.Site)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	assets, err := addAssets(files)
	if err != nil {
		return nil, err
	}
	r := renderer{files: files, page: page{
		Site: listing.Site, Base: base, Assets: assets, AnalyticsID: opts.AnalyticsID, Articles: views(listing.Articles),
	}}
	if opts.DeployEnv != "production" {
		r.page.DeployEnv = opts.DeployEnv
	}
	r.pages()
	r.feeds()
	if r.err != nil {
		return nil, fmt.Errorf("render site: %w", r.err)
	}
	return files, nil
}

func views(articles []content.Article) []articleView {
	out := make([]articleView, len(articles))
	for i, a := range articles {
		out[i] = articleView{Article: a, Path: "/articles/" + a.Slug + "/", Blocks: markup.Parse(a.Body)}
	}
	return out
}

// addAssets names each asset after its content, so that a page can only ever
// be shown with the assets that it was built with, and they can be cached for
// ever.
func addAssets(files map[string][]byte) (map[string]string, error) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("list assets: %w", err)
	}
	named := make(map[string]string, len(entries))
	for _, entry := range entries {
		data, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read asset: %w", err)
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(entry.Name())
		name := "assets/" + strings.TrimSuffix(entry.Name(), ext) + "." + hex.EncodeToString(sum[:5]) + ext
		files[name] = data
		named[entry.Name()] = "/" + name
	}
	return named, nil
}

// renderer collects files until the first error.
type renderer struct {
	files map[string][]byte
	page  page
	err   error
}

func (r *renderer) pages() {
	home := r.page
	home.Title, home.Description, home.Path = home.Site.Name, home.Site.Tagline, "/"
	r.html("index.html", "index", home)
	for i := range r.page.Articles {
		article := &r.page.Articles[i]
		p := r.page
		p.Article, p.Title, p.Description, p.Path = article, article.Title, article.Summary, article.Path
		r.html("articles/"+article.Slug+"/index.html", "article", p)
	}
	missing := r.page
	missing.Title = "Page not found"
	r.html("404.html", "404", missing)
}

func (r *renderer) html(file, name string, p page) {
	if r.err != nil {
		return
	}
	var b bytes.Buffer
	if err := templates()[name].Execute(&b, p); err != nil {
		r.err = fmt.Errorf("page %s: %w", file, err)
		return
	}
	r.files[file] = b.Bytes()
}

// templates are parsed for the first page: most commands make none.
var templates = sync.OnceValue(func() map[string]*template.Template {
	return map[string]*template.Template{"index": parse("index"), "article": parse("article"), "404": parse("404")}
})

func parse(name string) *template.Template {
	funcs := template.FuncMap{
		"day":       func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"stamp":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"generator": func() template.HTML { return generator }, // a constant of this package
	}
	return template.Must(template.New("layout.html").Funcs(funcs).
		ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html"))
}
