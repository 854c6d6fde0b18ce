package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

//go:embed templates/*.html assets/*
var files embed.FS

// asset is a file of the pages, named after its content.
type asset struct {
	mediaType string
	content   []byte
}

// assets are served under names that carry their hash, so that a browser may
// keep them for good; assetLinks gives that address for a plain name.
var assets, assetLinks = loadAssets()

func loadAssets() (map[string]asset, map[string]string) {
	found, err := files.ReadDir("assets")
	if err != nil {
		panic(err) // the files are part of the program
	}
	byName, links := map[string]asset{}, map[string]string{}
	for _, f := range found {
		content, err := files.ReadFile("assets/" + f.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(f.Name())
		name := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:8]) + ext
		byName[name] = asset{mediaType: mediaTypeOf(ext), content: content}
		links[f.Name()] = "/assets/" + name
	}
	return byName, links
}

// mediaTypeOf does not ask the machine, whose own table may be wrong.
func mediaTypeOf(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return mime.TypeByExtension(ext)
	}
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.mediaType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.content) // the reader may have gone
}

// pageNames are the templates of pages.
var pageNames = []string{"home", "site", "find", "operate", "history", "release", "log", "request", "confirm", "allow", "rollback", "told", "sessions", "signin", "setup", "trouble", "reading"}

// loaded are the templates of each language that was asked for, by its tag.
var loaded sync.Map

// templatesIn are the pages in a language by name, each with the layout and the parts.
func templatesIn(l words.Language) map[string]*template.Template {
	load, _ := loaded.LoadOrStore(l.Key(), sync.OnceValue(func() map[string]*template.Template { return loadTemplates(l) }))
	return load.(func() map[string]*template.Template)()
}

func loadTemplates(l words.Language) map[string]*template.Template {
	shared := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"asset":   func(name string) string { return assetLinks[name] },
		"short":   func(limit int, long string) string { return text.Shorten(long, limit) },
		"bytes":   l.Bytes,
		"number":  text.Number[int64],
		"count":   func(n int64) words.Number { return words.Number(n) },
		"say":     l.Say,
		"lang":    l.Tag,
		"key":     func(k words.Key) string { return l.Say(string(k)) },
		"capital": text.Capital,
	}).ParseFS(files, "templates/layout.html", "templates/parts.html"))
	byName := map[string]*template.Template{}
	for _, name := range pageNames {
		one := template.Must(shared.Clone())
		byName[name] = template.Must(one.ParseFS(files, "templates/"+name+".html"))
		for _, part := range byName[name].Templates() {
			if part.Tree != nil {
				words.Translate(part.Tree, l)
			}
		}
	}
	return byName
}
