// Package assets has the files that pages load: style, scripts and icon.
package assets

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed *.css *.js *.svg
var files embed.FS

// asset is a file of the pages, named after its content.
type asset struct {
	mediaType string
	content   []byte
}

// assets are served under names with their hash, so that a browser may cache them for ever;
// links gives that address for a plain name.
var assets, links = load()

// Link is the address of an asset by its plain name.
func Link(name string) string { return links[name] }

func load() (map[string]asset, map[string]string) {
	found, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the files are part of the program
	}
	byName, links := map[string]asset{}, map[string]string{}
	for _, f := range found {
		content, err := files.ReadFile(f.Name())
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

// mediaTypeOf does not use the machine's table for the usual types: it may be wrong.
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

// Serve serves an asset, to be cached.
func Serve(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.mediaType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.content) // the reader may have gone
}
