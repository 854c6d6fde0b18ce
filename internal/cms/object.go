package cms

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FormatError says that a delivery can't be read, and why. It may be shown to the caller.
type FormatError struct{ Why string }

func (e *FormatError) Error() string { return e.Why }

func badFormat(format string, args ...any) error {
	return &FormatError{Why: fmt.Sprintf(format, args...)}
}

// object is a decoded JSON object. Its methods return the zero value for a member that is
// missing or of another type.
type object map[string]any

// decode reads a body that must be one JSON object.
func decode(d Delivery) (object, error) {
	body := bytes.TrimPrefix(d.Body, []byte("\ufeff"))
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, badFormat("the body is empty: expected a JSON object")
	}
	if !utf8.Valid(body) {
		return nil, badFormat("the body is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var o object
	if err := dec.Decode(&o); err != nil {
		return nil, notJSON(d.Header, dec.InputOffset(), err)
	}
	if dec.More() {
		return nil, badFormat("the body goes on after its JSON object, at byte %d", dec.InputOffset())
	}
	if o == nil {
		return nil, badFormat("the body is null: expected a JSON object")
	}
	return o, nil
}

func notJSON(h http.Header, at int64, err error) error {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded":
		return badFormat("the body is not JSON (at byte %d: %v), and was sent as a form: where the CMS fills in a template, its result must be valid JSON", at, err)
	case "multipart/form-data":
		return badFormat("the body is a multipart form: expected JSON")
	}
	return badFormat("the body is no JSON object: at byte %d: %v", at, err)
}

// at finds a value by its path; a number steps into a list.
func (o object) at(path ...string) any {
	var value any = map[string]any(o)
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// text is a string, number or boolean as text; "" for the words undefined and null, which
// templates write for missing values.
func (o object) text(path ...string) string { return textOf(o.at(path...)) }

func textOf(value any) string {
	switch v := value.(type) {
	case string:
		if v == "undefined" || v == "null" {
			return ""
		}
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// firstText is the text at the first of several paths that has one.
func (o object) firstText(paths ...string) string {
	for _, path := range paths {
		if text := o.text(strings.Split(path, ".")...); text != "" {
			return text
		}
	}
	return ""
}

func (o object) object(path ...string) object {
	m, _ := o.at(path...).(map[string]any)
	return m
}

func (o object) list(path ...string) []any {
	l, _ := o.at(path...).([]any)
	return l
}

// keys lists the object's own names, sorted.
func (o object) keys() []string {
	return slices.Sorted(maps.Keys(o))
}

// time reads an instant as RFC 3339 writes it; zero for anything else.
func (o object) time(path ...string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, o.text(path...))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// form reads a body as a web form; nil if it is not one.
func form(d Delivery) url.Values {
	kind, _, _ := mime.ParseMediaType(d.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" {
		return nil
	}
	values, err := url.ParseQuery(string(d.Body))
	if err != nil {
		return nil
	}
	return values
}
