package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	//go:embed assets/page.html
	pageText string
	//go:embed assets/site.css
	css []byte
)

// generated are pages that are made of the code, by the file that they would be.
var generated = map[string]func() ([]byte, error){
	"reference/configuration.md": configuration, "reference/api.md": calls, "reference/commands.md": commands,
}

// website is what is built: from a folder into another one.
type website struct {
	source, output string
	sections       []section
	shell          *template.Template
}

// build makes the website and counts its pages.
func build(source, output string) (pages int, err error) {
	rest, err := more(source)
	if err != nil {
		return 0, fmt.Errorf("find the pages: %w", err)
	}
	w := website{source: source, output: output, sections: contents}
	if len(rest.Pages) > 0 {
		w.sections = append(slices.Clone(contents), rest)
	}
	if w.shell, err = template.New("page").Parse(pageText); err != nil {
		return 0, fmt.Errorf("read the template: %w", err)
	}
	for _, s := range w.sections {
		for _, e := range s.Pages {
			page, err := w.page(e)
			if err != nil {
				return pages, fmt.Errorf("make %s: %w", e.File, err)
			}
			if err := write(output, address(e.File), page); err != nil {
				return pages, err
			}
			pages++
		}
	}
	missing, err := w.render(view{Title: "There is no such page", Body: `<h1>There is no such page</h1><p>The navigation lists all there are.</p>`, Root: "/"})
	if err != nil {
		return pages, err
	}
	if err := errors.Join(write(output, "404.html", missing), write(output, "site.css", css)); err != nil {
		return pages, err
	}
	return pages, copyFiles(source, output)
}

// more is the section of pages that contents does not place: each by its first heading.
func more(source string) (section, error) {
	rest := section{Title: "More"}
	for _, pattern := range []string{"*.md", "*/*.md", "json/*.txt"} {
		found, err := filepath.Glob(filepath.Join(source, pattern))
		if err != nil {
			return rest, err
		}
		for _, file := range found {
			name, err := filepath.Rel(source, file)
			if err != nil {
				return rest, err
			}
			if name = filepath.ToSlash(name); listed(contents, name) {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return rest, err
			}
			title := strings.TrimSuffix(path.Base(name), path.Ext(name))
			if heading, ok := strings.CutPrefix(string(text), "# "); ok {
				title, _, _ = strings.Cut(heading, "\n")
			}
			rest.Pages = append(rest.Pages, entry{name, title})
		}
	}
	return rest, nil
}

func listed(sections []section, file string) bool {
	return slices.ContainsFunc(sections, func(s section) bool {
		return slices.ContainsFunc(s.Pages, func(e entry) bool { return e.File == file })
	})
}

// address is where a file of docs/ is in the website. The first page is its index too.
func address(file string) string {
	switch base := strings.TrimSuffix(file, path.Ext(file)); {
	case file == contents[0].Pages[0].File:
		return "index.html"
	case path.Base(base) == "README":
		return path.Join(path.Dir(base), "index.html")
	default:
		return base + ".html"
	}
}

// view is what the template shows.
type view struct {
	Title, Root string
	Body        template.HTML
	Sections    []viewSection
}

type viewSection struct {
	Title string
	Pages []viewPage
}

type viewPage struct {
	Title, Address string
	Here           bool
}

func (w website) page(e entry) ([]byte, error) {
	text, err := textOf(w.source, e.File)
	if err != nil {
		return nil, err
	}
	root := strings.Repeat("../", strings.Count(address(e.File), "/"))
	v := view{Title: e.Title, Root: root}
	if strings.HasSuffix(e.File, ".txt") {
		v.Body = template.HTML("<h1>" + template.HTMLEscapeString(e.Title) + "</h1><pre><code>" + template.HTMLEscapeString(string(text)) + "</code></pre>") //nolint:gosec // G203: escaped
		return w.render(v, e.File)
	}
	body, err := w.markdown(text, e.File)
	if err != nil {
		return nil, err
	}
	v.Body = template.HTML(body) //nolint:gosec // G203: our own pages, in which Markdown escapes what is no markup
	return w.render(v, e.File)
}

func textOf(source, file string) ([]byte, error) {
	if made, ok := generated[file]; ok {
		return made()
	}
	return os.ReadFile(filepath.Join(source, filepath.FromSlash(file)))
}

func (w website) render(v view, here ...string) ([]byte, error) {
	for _, s := range w.sections {
		of := viewSection{Title: s.Title}
		for _, e := range s.Pages {
			of.Pages = append(of.Pages, viewPage{e.Title, v.Root + address(e.File), slices.Contains(here, e.File)})
		}
		v.Sections = append(v.Sections, of)
	}
	var out bytes.Buffer
	if err := w.shell.Execute(&out, v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// copied are the files beside the pages that the website has too.
var copied = regexp.MustCompile(`\.(png|svg|vcl)$`)

func copyFiles(source, output string) error {
	from := os.DirFS(source)
	return fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !copied.MatchString(name) {
			return err
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		return write(output, name, content)
	})
}

func write(folder, name string, content []byte) error {
	file := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // G301: a website
		return err
	}
	return os.WriteFile(file, content, 0o644) //nolint:gosec // G306: a website
}
