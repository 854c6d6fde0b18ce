package frame

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

// ReadForm reads the form that was sent, and shows an error if it can't.
func (p *Frame) ReadForm(v *Visit) bool {
	v.R.Body = http.MaxBytesReader(v.W, v.R.Body, maxForm)
	err := v.R.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		p.Trouble(v, v.Problem(http.StatusRequestEntityTooLarge, "invalid", "The form is too large."))
		return false
	}
	if err != nil {
		p.Trouble(v, v.Problem(http.StatusBadRequest, "invalid", "The form did not arrive whole."))
		return false
	}
	return true
}

// Field is a text of a form, of at most limit characters.
func Field(v *Visit, name string, limit int) (string, error) {
	value := strings.TrimSpace(strings.ToValidUTF8(v.R.PostForm.Get(name), "\uFFFD"))
	if n := utf8.RuneCountInString(value); n > limit {
		return "", v.Problem(http.StatusUnprocessableEntity, "invalid", "The field “%s” is too long: %d characters, where %s are allowed.", name, words.Number(n), text.Number(limit))
	}
	return value, nil
}
