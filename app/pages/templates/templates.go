// Package templates has the templates of the pages, in every language.
package templates

import (
	"embed"
	"html/template"
	"sync"

	"github.com/pressrun/pressrun/app/pages/assets"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

//go:embed *.html
var files embed.FS

// pages are the templates of pages.
var pages = []string{"home", "site", "find", "operate", "history", "release", "log", "request", "confirm", "allow", "rollback", "notices", "sessions", "signin", "setup", "trouble", "reading", "differences", "previews", "preview", "unpreview"}

// loaded are the templates of the languages in use, by their tags.
var loaded sync.Map

// In are the templates of a language by the page's name, each with the layout and the parts.
func In(l words.Language) map[string]*template.Template {
	one, _ := loaded.LoadOrStore(l.Key(), sync.OnceValue(func() map[string]*template.Template { return load(l) }))
	return one.(func() map[string]*template.Template)()
}

func load(l words.Language) map[string]*template.Template {
	shared := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"asset":   assets.Link,
		"short":   func(limit int, long string) string { return text.Shorten(long, limit) },
		"bytes":   l.Bytes,
		"number":  text.Number[int64],
		"count":   func(n int64) words.Number { return words.Number(n) },
		"say":     l.Say,
		"lang":    l.Tag,
		"key":     func(k words.Key) string { return l.Say(string(k)) },
		"capital": text.Capital,
	}).ParseFS(files, "layout.html", "parts.html"))
	byName := map[string]*template.Template{}
	for _, name := range pages {
		one := template.Must(shared.Clone())
		byName[name] = template.Must(one.ParseFS(files, name+".html"))
		for _, part := range byName[name].Templates() {
			if part.Tree != nil {
				words.Translate(part.Tree, l)
			}
		}
	}
	return byName
}
