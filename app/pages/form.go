package pages

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// maxForm bounds the form that a page sends, in bytes.
const maxForm = 64 << 10

// readForm reads the form that was sent, and shows what is wrong with it.
func (p *Pages) readForm(v *visit) bool {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	err := v.r.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		p.trouble(v, v.problem(http.StatusRequestEntityTooLarge, "invalid", "The form is too large."))
		return false
	}
	if err != nil {
		p.trouble(v, v.problem(http.StatusBadRequest, "invalid", "The form did not arrive whole."))
		return false
	}
	return true
}

// field is a text of a form, at most so many characters long.
func field(v *visit, name string, limit int) (string, error) {
	value := strings.TrimSpace(strings.ToValidUTF8(v.r.PostForm.Get(name), "\uFFFD"))
	if n := utf8.RuneCountInString(value); n > limit {
		return "", v.problem(http.StatusUnprocessableEntity, "invalid", "The field “%s” is too long: %d characters, where %s are allowed.", name, words.Number(n), text.Number(limit))
	}
	return value, nil
}
