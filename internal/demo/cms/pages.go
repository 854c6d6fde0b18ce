package cms

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/demo/content"
)

//go:embed templates
var templateFiles embed.FS

// pages are parsed at the first request: most commands of the program show none.
var pages = sync.OnceValue(func() map[string]*template.Template {
	return map[string]*template.Template{
		"list":   parsePage("list"),
		"edit":   parsePage("edit"),
		"delete": parsePage("delete"),
		"error":  parsePage("error"),
	}
})

func parsePage(name string) *template.Template {
	funcs := template.FuncMap{
		"day":   func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"verb":  verb,
	}
	return template.Must(template.New("layout.html").Funcs(funcs).
		ParseFS(templateFiles, "templates/layout.html", "templates/badge.html", "templates/"+name+".html"))
}

// verb words an action for the list of changes: "Maya published ...".
func verb(action string) string {
	switch action {
	case ActionPublish:
		return "published"
	case ActionUpdate:
		return "edited"
	case ActionUnpublish:
		return "unpublished"
	case ActionDelete:
		return "deleted"
	}
	return "brought in"
}

// done are the sentences that a page may greet with after a form. The address
// carries only the key, so that a link can't put words on our pages.
var done = map[string]string{
	"created":     "The article is saved as a draft.",
	"saved":       "The article is saved.",
	"published":   "The article is published. It goes live with the next release.",
	"unpublished": "The article is a draft again. The next release takes it off the public site.",
	"deleted":     "The article is deleted.",
	"editor":      "You are editing under another name now.",
}

// frame is the part that all pages have.
type frame struct {
	Title       string
	Site        content.Site
	ReleasesURL string
	Editor      string
	Editors     []string
	Done        string
}

// editorPages are the pages on which editors write.
type editorPages struct{ cms *CMS }

func (p editorPages) frame(r *http.Request, title string) frame {
	return frame{
		Title: title, Site: p.cms.opts.Site, ReleasesURL: p.cms.opts.ReleasesURL,
		Editor: editor(r), Editors: editors, Done: done[r.URL.Query().Get("done")],
	}
}

// row is an article in the list.
type row struct {
	record
	Badge  badge
	Public string // address on the public site, when it is there
}

// changeRow is a change in the list.
type changeRow struct {
	entry
	Badge badge
}

type listPage struct {
	frame
	Articles []row
	Changes  []changeRow
}

func (p editorPages) pageList(w http.ResponseWriter, r *http.Request) {
	view := p.cms.overview(r.Context())
	page := listPage{frame: p.frame(r, "Articles")}
	for _, a := range view.state.Articles {
		page.Articles = append(page.Articles, p.row(view, a))
	}
	slices.SortStableFunc(page.Articles, func(a, b row) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
	for _, e := range slices.Backward(view.state.Changes) {
		if len(page.Changes) == shownChanges {
			break
		}
		page.Changes = append(page.Changes, changeRow{entry: e, Badge: view.badges[e.ID]})
	}
	p.render(w, r, http.StatusOK, "list", page)
}

func (p editorPages) row(view overview, a record) row {
	out := row{record: a, Badge: view.article(a)}
	if a.Status == content.Published {
		out.Public = p.cms.publicLink(a.Article)
	}
	return out
}

type deletePage struct {
	frame
	Article row
}

func (p editorPages) pageDelete(w http.ResponseWriter, r *http.Request) {
	view := p.cms.overview(r.Context())
	i := view.state.article(r.PathValue("id"))
	if i < 0 {
		p.pageError(w, r, ErrNotFound)
		return
	}
	p.render(w, r, http.StatusOK, "delete", deletePage{frame: p.frame(r, "Delete article"), Article: p.row(view, view.state.Articles[i])})
}

type errorPage struct {
	frame
	Detail string
}

// pageError words an error for an editor. Details that only an administrator can
// use go to the log.
func (p editorPages) pageError(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	page := errorPage{frame: p.frame(r, http.StatusText(status)), Detail: err.Error()}
	switch {
	case errors.Is(err, ErrNotFound):
		page.Title, page.Detail = "Page not found", "There is no such article or page here. It may have been deleted."
	case status == http.StatusRequestEntityTooLarge:
		page.Title, page.Detail = "Too long", "The text is too long to be saved. Please go back and shorten it."
	case status == http.StatusServiceUnavailable:
		p.cms.log.ErrorContext(r.Context(), "content not stored", "path", r.URL.Path, "error", err)
		page.Title, page.Detail = "Not saved", "The content could not be stored: nothing has changed. Please go back and try again."
	}
	p.render(w, r, status, "error", page)
}

// render writes a page whole or not at all.
func (p editorPages) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages()[name].Execute(&b, data); err != nil {
		p.cms.log.ErrorContext(r.Context(), "page not rendered", "page", name, "error", err)
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	writeRaw(w, status, "text/html", b.Bytes())
}
