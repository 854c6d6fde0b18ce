package output

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pressrun/pressrun/internal/bake/crawl"
	"github.com/pressrun/pressrun/internal/bake/rewrite"
	"github.com/pressrun/pressrun/internal/bake/state"
)

// renderer writes contents as the output has them. It may be used by many goroutines.
type renderer struct {
	mapping  *Mapping
	rewriter *rewrite.Rewriter
	leaks    bool // the CMS's host must not be in the output
}

func newRenderer(m *Mapping) *renderer {
	return &renderer{mapping: m, rewriter: rewrite.New(m.Origin.Host()), leaks: m.host() != m.Origin.Host()}
}

// render rewrites a text that will be served at a path.
func (r *renderer) render(p *state.Page, served string, text []byte) ([]byte, error) {
	change := r.mapping.change(p.Address, served)
	switch crawl.FormatOf(p.Type) {
	case crawl.HTML:
		return r.rewriter.HTML(text, change), nil
	case crawl.CSS:
		return r.rewriter.CSS(text, "", change), nil
	case crawl.Markup:
		return r.rewriter.Text(text, true, change), nil
	case crawl.Text:
		return r.rewriter.Text(text, false, change), nil
	case crawl.Opaque:
		if strings.HasSuffix(p.Address.Path(), ".xml.gz") && bytes.HasPrefix(text, []byte("\x1f\x8b")) {
			return r.packed(text, change)
		}
	}
	return text, nil
}

// maxUnpacked bounds a compressed sitemap, in bytes.
const maxUnpacked = 64 << 20

// packed rewrites a sitemap in a gzip file.
func (r *renderer) packed(text []byte, change rewrite.Change) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("unpack it: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err == nil && len(plain) > maxUnpacked {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("unpack it: %w", err)
	}
	with := r.rewriter.Text(plain, true, change)
	if bytes.Equal(with, plain) {
		return text, nil
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(with); err != nil {
		return nil, err
	}
	return out.Bytes(), w.Close()
}

// leak says where the CMS's host is left in a file; "" for nowhere.
func (r *renderer) leak(file string, text []byte) string {
	if !r.leaks {
		return ""
	}
	found := r.rewriter.Leaks(text, 2)
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf("%s (byte %d)", file, found[0])
}
