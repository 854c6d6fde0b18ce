package address

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// Item is an answer of the CMS that becomes a file.
type Item struct {
	Address   Address
	QueryKind QueryKind
	// Type is the media type that the CMS gave it, with its parameters.
	Type string
	// Sum is the content's checksum.
	Sum string
}

// Place is where an item lies in the built site.
type Place struct {
	// File is the path in the folder: "news/index.html".
	File string
	// Path is its path on the site: "/news/". It is percent-encoded.
	Path string
	// Type is the media type with which the file must be served, if its name gives another
	// one; else "".
	Type string
}

// The longest name and path of a file, in bytes: those of file systems, and of S3's keys.
const (
	longestName = 255
	longestPath = 1024
)

// placeOf is the place of an item by itself; Assign resolves collisions.
func placeOf(it Item) (Place, error) {
	visited := it.Address.Path()
	if it.QueryKind == Pager {
		visited = pagerPath(it.Address)
	}
	if strings.Contains(visited, "%2F") || strings.Contains(visited, "%5C") {
		return Place{}, errors.New("its path has an encoded slash, which no file's name can have")
	}
	decoded, err := url.PathUnescape(visited)
	if err != nil {
		return Place{}, errors.New("its path is not percent-encoded as it must be")
	}
	if !utf8.ValidString(decoded) || strings.ContainsFunc(decoded, unicode.IsControl) {
		return Place{}, errors.New("its path is no text in UTF-8")
	}
	folder := strings.HasSuffix(decoded, "/")
	clean := strings.TrimPrefix(path.Clean(decoded), "/")
	if strings.Trim(decoded, "/") != clean {
		return Place{}, errors.New("its path has empty parts (//), which no folder can have")
	}
	p := Place{File: clean, Path: visited}
	if clean == "" || folder || !rules.HasKnownExtension(clean) && !isScript(clean) {
		p.File = path.Join(clean, "index.html")
		p.Path = strings.TrimSuffix(visited, "/") + "/"
	}
	p.Type = typeFor(p.File, it.Type)
	return p, usable(p.File)
}

func usable(file string) error {
	if first, _, _ := strings.Cut(file, "/"); first == redirect.FileName || first == rules.HeadersFile {
		return fmt.Errorf("%s is a file of rules of the deploy, and never published", first)
	}
	if len(file) > longestPath {
		return fmt.Errorf("its path is longer than %d bytes", longestPath)
	}
	if slices.ContainsFunc(strings.Split(file, "/"), func(part string) bool { return len(part) > longestName }) {
		return fmt.Errorf("a part of its path is longer than %d bytes", longestName)
	}
	return nil
}

// sameTypes are media types that stand for each other.
var sameTypes = map[string]string{
	"application/javascript": "text/javascript", "application/x-javascript": "text/javascript", "text/xml": "application/xml",
	"image/x-icon": "image/vnd.microsoft.icon", "application/font-woff": "font/woff", "application/font-woff2": "font/woff2",
	"application/x-font-ttf": "font/ttf", "application/x-font-woff": "font/woff", "font/sfnt": "font/ttf", "image/jpg": "image/jpeg", "audio/mp3": "audio/mpeg", "application/x-zip-compressed": "application/zip",
}

// typeFor is the media type with which a file must be served, if its name gives another
// than the CMS; else "".
func typeFor(file, given string) string {
	media, _, err := mime.ParseMediaType(given)
	if err != nil || media == "application/octet-stream" {
		return "" // nothing is known better than by the name
	}
	byName, _, _ := mime.ParseMediaType(rules.ContentType(file)) // our own table: it parses
	same := func(t string) string {
		if other, ok := sameTypes[t]; ok {
			return other
		}
		return t
	}
	if same(media) == same(byName) {
		return ""
	}
	return strings.TrimSpace(given)
}

// variantFile is the name of a version of a file whose content is not that of the first.
func variantFile(file, query string) string {
	sum := sha256.Sum256([]byte(query))
	ending := path.Ext(file)
	return strings.TrimSuffix(file, ending) + "." + hex.EncodeToString(sum[:4]) + ending
}
