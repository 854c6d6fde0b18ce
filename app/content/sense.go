package content

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"github.com/pressrun/pressrun/internal/outbound"
)

// An answer that stays the same whatever happens to the content would keep a site from
// being built: an error page, a sign-in page, a cached copy. An answer that looks like one is
// refused, as if the read had failed: a needless release costs less than a missing one.

// oldestCopy is how old a cache's copy may be, in seconds.
const oldestCopy = 60

// sensible refuses an answer with 200 that can't be about content; a HEAD's has no body.
func sensible(a outbound.Answer) error {
	if age, err := strconv.Atoi(a.Header.Get("Age")); err == nil && age > oldestCopy {
		return fmt.Errorf("the address of the fingerprint answered with a copy that is %d seconds old (Age): have no cache keep it for more than a minute", age)
	}
	kind := kindOf(a.Header)
	switch group, _, _ := strings.Cut(kind, "/"); group {
	case "image", "audio", "video", "font", "multipart":
		return fmt.Errorf("the address of the fingerprint answered with %s, which is no list of content", kind)
	}
	switch {
	case isHTML(kind):
		return sensiblePage(a.Body)
	case isJSON(kind):
		return sensibleJSON(a)
	}
	return nil
}

// kindOf is the media type of an answer, without its parameters; "" for none.
func kindOf(h http.Header) string {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

func isHTML(kind string) bool { return kind == "text/html" || kind == "application/xhtml+xml" }

func isJSON(kind string) bool {
	return kind == "application/json" || strings.HasSuffix(kind, "+json")
}

// failed matches the titles of error and sign-in pages of web servers, CDNs and CMSs.
var failed = regexp.MustCompile(`(?i)^\s*[45]\d\d\b|\b(error|not found|forbidden|unauthori[sz]ed|access denied|unavailable|maintenance|bad gateway|time-?d? ?out|log ?in|sign ?in|just a moment)\b`)

// sensiblePage refuses pages that tell of a failure or ask for a password.
func sensiblePage(body []byte) error {
	page := html.NewTokenizer(bytes.NewReader(body))
	for kind := page.Next(); kind != html.ErrorToken; kind = page.Next() {
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		switch tag := page.Token(); {
		case tag.Data == "title" && page.Next() == html.TextToken:
			if title := page.Token().Data; failed.MatchString(title) {
				return fmt.Errorf("the address of the fingerprint answered with a page that tells of no content: %.80q", strings.TrimSpace(title))
			}
		case tag.Data == "input" && asksForPassword(tag):
			return errors.New("the address of the fingerprint answered with a page that asks for a password")
		}
	}
	return nil
}

func asksForPassword(input html.Token) bool {
	for _, a := range input.Attr {
		if a.Key == "type" && strings.EqualFold(strings.TrimSpace(a.Val), "password") {
			return true
		}
	}
	return false
}

// sensibleJSON refuses documents that tell of a failure with 200, as GraphQL does
// (https://spec.graphql.org/October2021/#sec-Errors) and JSON:API's "errors".
func sensibleJSON(a outbound.Answer) error {
	if !a.Whole || len(a.Body) == 0 {
		return nil
	}
	if !json.Valid(a.Body) {
		return errors.New("the address of the fingerprint says that it answers with JSON, and did not")
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(a.Body, &members) // a list, or a single value, has no members
	for _, name := range []string{"errors", "error"} {
		switch value := string(members[name]); value {
		case "", "null", "false", "[]", "{}", `""`, "0":
		default:
			return fmt.Errorf("the fingerprint's answer tells of a failure (%q)", name)
		}
	}
	return nil
}

// sensiblePart refuses values that hardly change with the content.
func sensiblePart(found []byte, pointer string) error {
	switch string(found) {
	case "null", "true", "false", "[]", "{}", `""`:
		return fmt.Errorf("the fingerprint's answer has %s at %s, which says nothing of the content", found, pointer)
	}
	return nil
}
