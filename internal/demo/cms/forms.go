package cms

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/pressrun/pressrun/internal/demo/content"
)

// editors are the people of the stand-in: there is no log-in, but every change
// has to say who made it.
var editors = []string{"Maya Okafor", "Jonas Lind", "Priya Raman"}

const editorCookie = "editor"

func editor(r *http.Request) string {
	cookie, err := r.Cookie(editorCookie)
	if err != nil {
		return editors[0] // no cookie yet
	}
	if i, err := strconv.Atoi(cookie.Value); err == nil && i >= 0 && i < len(editors) {
		return editors[i]
	}
	return editors[0]
}

func (p editorPages) formEditor(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.pageError(w, r, badRequest(err))
		return
	}
	i := slices.Index(editors, r.PostForm.Get("editor"))
	if i < 0 {
		p.pageError(w, r, badRequest(errors.New("editor: not one of the names offered")))
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // no secret, and the demo has no TLS
		Name: editorCookie, Value: strconv.Itoa(i), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/?done=editor", http.StatusSeeOther)
}

// input is one field of the edit form.
type input struct {
	Name, Label, Hint, Value, Error string
	Rows                            int // 0: one line
	Optional                        bool
}

// Described lists the ids of the texts that explain the field, for
// aria-describedby.
func (i input) Described() string {
	if i.Error != "" {
		return i.Name + "-hint " + i.Name + "-error"
	}
	return i.Name + "-hint"
}

type editPage struct {
	frame
	Article  *row // nil: a new article
	Version  int
	Inputs   []input
	Conflict bool
}

// Invalid says whether a field needs the author's attention.
func (p editPage) Invalid() bool {
	return slices.ContainsFunc(p.Inputs, func(i input) bool { return i.Error != "" })
}

func inputs(e Edit, errs []content.FieldError) []input {
	fields := []input{
		{Name: "title", Label: "Title", Hint: "What the article is about, in a few words.", Value: e.Title},
		{Name: "slug", Label: "Address", Hint: "The last part of the page's address, such as opening-hours. Left empty, it is made from the title.", Value: e.Slug, Optional: true},
		{Name: "summary", Label: "Summary", Hint: "One or two sentences for lists and search results.", Value: e.Summary, Rows: 2},
		{Name: "body", Label: "Text", Hint: "An empty line starts a paragraph, ## a heading, - a list item. Links: [words](https://example.org).", Value: e.Body, Rows: 14},
		{Name: "author", Label: "Author", Hint: "Shown under the title.", Value: e.Author},
	}
	for i := range fields {
		for _, err := range errs {
			if err.Field == fields[i].Name {
				fields[i].Error = fields[i].Label + " " + err.Detail + "."
				break
			}
		}
	}
	return fields
}

func (p editorPages) pageNew(w http.ResponseWriter, r *http.Request) {
	page := editPage{frame: p.frame(r, "New article"), Inputs: inputs(Edit{Author: editor(r)}, nil)}
	p.render(w, r, http.StatusOK, "edit", page)
}

func (p editorPages) pageEdit(w http.ResponseWriter, r *http.Request) {
	page, ok := p.editPage(r)
	if !ok {
		p.pageError(w, r, ErrNotFound)
		return
	}
	a := page.Article
	page.Inputs = inputs(Edit{Title: a.Title, Slug: a.Slug, Summary: a.Summary, Body: a.Body, Author: a.Author}, nil)
	p.render(w, r, http.StatusOK, "edit", page)
}

func (p editorPages) editPage(r *http.Request) (editPage, bool) {
	view := p.cms.overview(r.Context())
	i := view.state.article(r.PathValue("id"))
	if i < 0 {
		return editPage{}, false
	}
	article := p.row(view, view.state.Articles[i])
	return editPage{frame: p.frame(r, "Edit article"), Article: &article, Version: article.Version}, true
}

func (p editorPages) formCreate(w http.ResponseWriter, r *http.Request) {
	edit, err := parseEdit(r)
	if err != nil {
		p.pageError(w, r, err)
		return
	}
	result, err := p.cms.Create(edit, editor(r))
	if err != nil {
		p.formRefused(w, r, editPage{frame: p.frame(r, "New article")}, edit, err)
		return
	}
	p.redirect(w, r, "created", result)
}

func (p editorPages) formUpdate(w http.ResponseWriter, r *http.Request) {
	edit, err := parseEdit(r)
	if err != nil {
		p.pageError(w, r, err)
		return
	}
	result, err := p.cms.Update(r.PathValue("id"), edit, editor(r))
	if err == nil {
		p.redirect(w, r, "saved", result)
		return
	}
	page, ok := p.editPage(r)
	if !ok {
		err = ErrNotFound
	}
	p.formRefused(w, r, page, edit, err)
}

// formRefused shows the form again with the author's text in it, so that nothing
// that was typed is lost.
func (p editorPages) formRefused(w http.ResponseWriter, r *http.Request, page editPage, edit Edit, err error) {
	var invalid *InvalidError
	page.Conflict = errors.Is(err, ErrConflict)
	switch {
	case errors.As(err, &invalid):
		page.Inputs = inputs(edit, invalid.Fields)
		page.Version = edit.Version
	case page.Conflict:
		page.Inputs = inputs(edit, nil)
	default:
		p.pageError(w, r, err)
		return
	}
	page.Title = "Error: " + page.Title
	p.render(w, r, statusOf(err), "edit", page)
}

func parseEdit(r *http.Request) (Edit, error) {
	if err := r.ParseForm(); err != nil {
		return Edit{}, badRequest(err)
	}
	edit := Edit{
		Title: r.PostForm.Get("title"), Slug: r.PostForm.Get("slug"), Summary: r.PostForm.Get("summary"),
		Body: r.PostForm.Get("body"), Author: r.PostForm.Get("author"), Publish: r.PostForm.Get("intent") == "publish",
	}
	text := r.PostForm.Get("version")
	if text == "" {
		return edit, nil
	}
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 {
		return Edit{}, badRequest(fmt.Errorf("version %q: want a positive number", text))
	}
	edit.Version = version
	return edit, nil
}

// formAct serves the one-button forms.
func (p editorPages) formAct(key string, act func(id, actor string) (Result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := act(r.PathValue("id"), editor(r)); err != nil {
			p.pageError(w, r, err)
			return
		}
		http.Redirect(w, r, "/?done="+url.QueryEscape(key), http.StatusSeeOther)
	}
}

// redirect leads back to the list, so that reloading it sends nothing again.
func (p editorPages) redirect(w http.ResponseWriter, r *http.Request, key string, result Result) {
	if result.Change != nil {
		key = "published"
	}
	http.Redirect(w, r, "/?done="+url.QueryEscape(key), http.StatusSeeOther)
}
