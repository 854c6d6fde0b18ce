package links

import (
	"bytes"

	"golang.org/x/net/html"

	"github.com/pressrun/pressrun/internal/weburl"
)

// disguised says whether a page may have an address that a search for its words does not
// find: a letter, a digit or one of "-._~" is percent-encoded or a character reference, or
// the page is in UTF-16. Hardly any page has one.
func disguised(page []byte) bool {
	return bytes.HasPrefix(page, []byte("\xff\xfe")) || bytes.HasPrefix(page, []byte("\xfe\xff")) ||
		anyAt(page, '%', func(at []byte) bool {
			b, ok := weburl.HexByte(at)
			return ok && plainByte(b)
		}) ||
		anyAt(page, '&', disguisedReference)
}

// anyAt says whether is holds for the page from one of the places of a byte on.
func anyAt(page []byte, b byte, is func(at []byte) bool) bool {
	for {
		i := bytes.IndexByte(page, b)
		if i < 0 {
			return false
		}
		if page = page[i:]; is(page) {
			return true
		}
		page = page[1:]
	}
}

// references are the named character references of plain bytes (HTML standard, section 13.5).
var references = [][]byte{[]byte("&period;"), []byte("&lowbar;"), []byte("&UnderBar;"), []byte("&fjlig;")}

// longestReference is the most bytes of a numeric character reference that are read.
const longestReference = 32

func disguisedReference(at []byte) bool {
	if len(at) > 1 && at[1] != '#' {
		for _, r := range references {
			if bytes.HasPrefix(at, r) {
				return true
			}
		}
		return false
	}
	at = at[:min(len(at), longestReference)]
	plain := html.UnescapeString(string(at))
	return plain != "" && plainByte(plain[0])
}
