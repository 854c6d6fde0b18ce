package cms

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/demo/content"
)

// apiActor is the author of a change over the API that names none.
const apiActor = "Content API"

// problem is an RFC 9457 problem document.
type problem struct {
	Title  string               `json:"title"`
	Status int                  `json:"status"`
	Detail string               `json:"detail"`
	Errors []content.FieldError `json:"errors,omitempty"`
}

// contentAPI is the JSON API by which frontends read, and scripts write.
type contentAPI struct{ cms *CMS }

func (a contentAPI) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// apiList answers with every published article in one document, under an ETag
// of its content.
func (a contentAPI) apiList(w http.ResponseWriter, r *http.Request) {
	articles := a.cms.store.read().published()
	listing := content.Listing{Site: a.cms.opts.Site, Total: len(articles), Articles: articles}
	data, err := json.Marshal(listing)
	if err != nil {
		a.apiError(w, r, fmt.Errorf("encode articles: %w", err))
		return
	}
	sum := sha256.Sum256(data)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	w.Header().Set("ETag", etag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	writeRaw(w, http.StatusOK, "application/json", data)
}

// published are the published articles, newest first. The id breaks ties,
// so that the same content always gives the same answer.
func (s state) published() []content.Article {
	articles := []content.Article{}
	for _, r := range s.Articles {
		if r.Status == content.Published {
			articles = append(articles, r.Article)
		}
	}
	slices.SortFunc(articles, func(a, b content.Article) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(a.ID, b.ID))
	})
	return articles
}

func (a contentAPI) apiGet(w http.ResponseWriter, r *http.Request) {
	for _, a := range a.cms.store.read().published() {
		if a.Slug == r.PathValue("slug") {
			writeJSON(w, http.StatusOK, a)
			return
		}
	}
	a.apiError(w, r, ErrNotFound)
}

// apiEdit is the body of POST and PUT.
type apiEdit struct {
	Edit
	Actor string `json:"actor"`
}

func (a contentAPI) apiCreate(w http.ResponseWriter, r *http.Request) {
	var body apiEdit
	if err := readJSON(r, &body); err != nil {
		a.apiError(w, r, err)
		return
	}
	result, err := a.cms.Create(body.Edit, cmp.Or(body.Actor, apiActor))
	a.apiResult(w, r, http.StatusCreated, result, err)
}

// apiUpdate replaces all fields of an article that are in an Edit.
func (a contentAPI) apiUpdate(w http.ResponseWriter, r *http.Request) {
	var body apiEdit
	if err := readJSON(r, &body); err != nil {
		a.apiError(w, r, err)
		return
	}
	result, err := a.cms.Update(r.PathValue("id"), body.Edit, cmp.Or(body.Actor, apiActor))
	a.apiResult(w, r, http.StatusOK, result, err)
}

// apiAct serves the calls that need no body; one may say {"actor": "..."}.
func (a contentAPI) apiAct(act func(id, actor string) (Result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Actor string `json:"actor"`
		}
		if err := readJSON(r, &body); err != nil && !errors.Is(err, io.EOF) {
			a.apiError(w, r, err)
			return
		}
		result, err := act(r.PathValue("id"), cmp.Or(body.Actor, apiActor))
		a.apiResult(w, r, http.StatusOK, result, err)
	}
}

// readJSON reads one JSON object. An absent body answers io.EOF.
func readJSON(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return badRequest(fmt.Errorf("body: %w", err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest(errors.New("body: more than one JSON value"))
	}
	return nil
}

func (a contentAPI) apiResult(w http.ResponseWriter, r *http.Request, status int, result Result, err error) {
	if err != nil {
		a.apiError(w, r, err)
		return
	}
	writeJSON(w, status, result)
}

func (a contentAPI) apiError(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	if status == http.StatusServiceUnavailable {
		a.cms.log.ErrorContext(r.Context(), "content not stored", "path", r.URL.Path, "error", err)
		writeProblem(w, status, "the content could not be stored: nothing has changed, please try again")
		return
	}
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		writeProblem(w, status, err.Error(), invalid.Fields...)
		return
	}
	writeProblem(w, status, err.Error())
}

func writeProblem(w http.ResponseWriter, status int, detail string, fields ...content.FieldError) {
	data, err := json.Marshal(problem{Title: http.StatusText(status), Status: status, Detail: detail, Errors: fields})
	if err != nil {
		http.Error(w, http.StatusText(status), status)
		return
	}
	writeRaw(w, status, "application/problem+json", data)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		writeProblem(w, http.StatusInternalServerError, "the answer could not be encoded")
		return
	}
	writeRaw(w, status, "application/json", data)
}

// writeRaw ends an answer. An error here means that the client has left.
func writeRaw(w http.ResponseWriter, status int, mime string, data []byte) {
	if strings.HasPrefix(mime, "text/") {
		mime += "; charset=utf-8"
	}
	w.Header().Set("Content-Type", mime)
	w.WriteHeader(status)
	_, _ = w.Write(data)
}
