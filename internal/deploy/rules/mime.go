package rules

import (
	"path"
	"regexp"
	"strings"
)

// contentTypes is our own table, since the host's differs from machine to
// machine (golang/go#32350) and a deploy from another runner would then change
// every file's headers. Sources: IANA media types registry; WHATWG MIME sniffing.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".htm":         "text/html; charset=utf-8",
	".xhtml":       "application/xhtml+xml; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".cjs":         "text/javascript; charset=utf-8",
	".json":        "application/json; charset=utf-8",
	".jsonld":      "application/ld+json; charset=utf-8",
	".geojson":     "application/geo+json; charset=utf-8",
	".map":         "application/json; charset=utf-8",
	".webmanifest": "application/manifest+json; charset=utf-8",
	".xml":         "application/xml; charset=utf-8",
	".rss":         "application/rss+xml; charset=utf-8",
	".atom":        "application/atom+xml; charset=utf-8",
	".xsl":         "application/xslt+xml; charset=utf-8",
	".txt":         "text/plain; charset=utf-8",
	".md":          "text/markdown; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".vtt":         "text/vtt; charset=utf-8",
	".ics":         "text/calendar; charset=utf-8",
	".vcf":         "text/vcard; charset=utf-8",
	".yaml":        "application/yaml; charset=utf-8",
	".yml":         "application/yaml; charset=utf-8",
	".svg":         "image/svg+xml; charset=utf-8",
	".png":         "image/png",
	".apng":        "image/apng",
	".jpg":         "image/jpeg",
	".jpeg":        "image/jpeg",
	".gif":         "image/gif",
	".webp":        "image/webp",
	".avif":        "image/avif",
	".jxl":         "image/jxl",
	".heic":        "image/heic",
	".ico":         "image/vnd.microsoft.icon",
	".bmp":         "image/bmp",
	".tif":         "image/tiff",
	".tiff":        "image/tiff",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".ttf":         "font/ttf",
	".otf":         "font/otf",
	".eot":         "application/vnd.ms-fontobject",
	".mp4":         "video/mp4",
	".m4v":         "video/mp4",
	".webm":        "video/webm",
	".mov":         "video/quicktime",
	".ogv":         "video/ogg",
	".mp3":         "audio/mpeg",
	".m4a":         "audio/mp4",
	".ogg":         "audio/ogg",
	".oga":         "audio/ogg",
	".opus":        "audio/ogg",
	".wav":         "audio/wav",
	".flac":        "audio/flac",
	".wasm":        "application/wasm",
	".pdf":         "application/pdf",
	".zip":         "application/zip",
	".gz":          "application/gzip",
	".tar":         "application/x-tar",
	".epub":        "application/epub+zip",
	".rtf":         "application/rtf",
	".doc":         "application/msword",
	".xls":         "application/vnd.ms-excel",
	".ppt":         "application/vnd.ms-powerpoint",
	".docx":        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx":        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx":        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":         "application/vnd.oasis.opendocument.text",
	".ods":         "application/vnd.oasis.opendocument.spreadsheet",
}

// wellKnownTypes are files whose type is set by their name, not an ending.
var wellKnownTypes = map[string]string{
	"apple-app-site-association": "application/json; charset=utf-8",
	"CNAME":                      "text/plain; charset=utf-8",
}

// ContentType is the media type a file of this path is served with. A file with
// an unknown ending is application/octet-stream, which a browser saves and never
// runs.
func ContentType(name string) string {
	base := path.Base(name)
	if t, ok := wellKnownTypes[base]; ok {
		return t
	}
	if t, ok := contentTypes[strings.ToLower(path.Ext(base))]; ok {
		return t
	}
	return "application/octet-stream"
}

// textTypes are those that compressing makes smaller; pictures, sound, archives and
// WOFF fonts are compressed already.
var textTypes = regexp.MustCompile(`^(text/.+|[^;]+\+(json|xml)|application/(json|xml|javascript|yaml|wasm|vnd\.ms-fontobject)|font/(ttf|otf)|image/(bmp|vnd\.microsoft\.icon))(;|$)`)

// IsText tells whether a path's type is one that compressing makes smaller.
func IsText(name string) bool { return textTypes.MatchString(ContentType(name)) }
