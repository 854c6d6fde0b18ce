package content

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/text"
)

// Pointer is a JSON pointer (RFC 6901); "" is the whole document.
type Pointer string

// Check refuses text that is no JSON pointer.
func (p Pointer) Check() error {
	if p != "" && !strings.HasPrefix(string(p), "/") {
		return fmt.Errorf("%q is no JSON pointer; expected one such as /data/items", string(p))
	}
	return nil
}

// Steps are the unescaped parts of a pointer; none for the whole document.
func (p Pointer) Steps() []string {
	if p == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(string(p), "/"), "/")
	for i, step := range steps {
		steps[i] = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
	}
	return steps
}

// Object is a JSON object whose values are not decoded.
type Object map[string]json.RawMessage

// ParseObject reads an object; the error for anything else quotes its beginning.
func ParseObject(raw []byte) (Object, error) {
	var o Object
	if err := json.Unmarshal(raw, &o); err != nil || o == nil {
		return nil, fmt.Errorf("is no JSON object: it begins with %q", text.ShortenBytes(text.OneLine(string(raw[:min(len(raw), 200)])), 60))
	}
	return o, nil
}

// At is the value at a pointer; nil where there is none, or null.
func (o Object) At(p Pointer) json.RawMessage {
	steps := p.Steps()
	if len(steps) == 0 {
		return nil
	}
	return within(o[steps[0]], steps[1:])
}

// within is the value at some steps below another one.
func within(value json.RawMessage, steps []string) json.RawMessage {
	for _, step := range steps {
		switch begin := bytes.TrimLeft(value, " \t\r\n"); {
		case len(begin) > 0 && begin[0] == '{':
			var o Object
			if json.Unmarshal(value, &o) != nil {
				return nil
			}
			value = o[step]
		case len(begin) > 0 && begin[0] == '[':
			var list []json.RawMessage
			i, err := strconv.Atoi(step)
			if json.Unmarshal(value, &list) != nil || err != nil || i < 0 || i >= len(list) {
				return nil
			}
			value = list[i]
		default:
			return nil
		}
	}
	if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
		return nil
	}
	return value
}

// Text is a string or a number at a pointer; "" where there is neither.
func (o Object) Text(p Pointer) string { return scalar(o.At(p)) }

// Number is a whole number at a pointer that is not below 0; -1 where there is none.
func (o Object) Number(p Pointer) int {
	if p == "" {
		return -1
	}
	return wholeNumber(o.Text(p))
}

// Complaint is an answer's own reason for an error, where many APIs have it: also in an
// answer with status 200. It is "" for none.
func (o Object) Complaint() string {
	for _, at := range []Pointer{"/message", "/errors/0/detail", "/errors/0/message", "/error/message", "/detail", "/error"} {
		if words := o.Text(at); words != "" {
			return text.Shorten(text.OneLine(words), 200)
		}
	}
	return ""
}

func wholeNumber(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// Texts are the strings and numbers at a pointer: one, or those of a list.
func (o Object) Texts(p Pointer) []string {
	value := o.At(p)
	if one := scalar(value); one != "" {
		return []string{one}
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return nil
	}
	var texts []string
	for _, v := range list {
		if one := scalar(v); one != "" {
			texts = append(texts, one)
		}
	}
	return texts
}

func scalar(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(value, &n) == nil {
		return n.String()
	}
	return ""
}

// stampLayouts are how sources write an instant. Without a zone it is UTC.
var stampLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05.999-0700"}

// ParseStamp reads a stamp; ok is false when it is no instant.
func ParseStamp(stamp string) (at time.Time, ok bool) {
	for _, layout := range stampLayouts {
		if at, err := time.Parse(layout, stamp); err == nil {
			return at, true
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}
