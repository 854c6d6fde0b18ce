package links

import (
	"bytes"

	"golang.org/x/net/html"

	"github.com/pressrun/pressrun/internal/weburl"
)

// disguised says whether a page may have an address that a search for a plain word of
// it does not find: one with a letter, a digit or one of "-._~" percent-encoded or as a
// character reference, or one in UTF-16. Hardly any page has.
func disguised(page []byte) bool {
	return bytes.HasPrefix(page, []byte("\xff\xfe")) || bytes.HasPrefix(page, []byte("\xfe\xff")) ||
		anyAt(page, '%', func(at []byte) bool {
			b, ok := weburl.HexByte(at)
			return ok && plainByte(b)
		}) ||
		anyAt(page, '&', disguisedReference)
}

// anyAt looks at each place of a page that has a byte.
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

// references are those to plain bytes by name (HTML standard, section 13.5).
var references = [][]byte{[]byte("&period;"), []byte("&lowbar;"), []byte("&UnderBar;"), []byte("&fjlig;")}

// longestReference is that of a character in plain bytes, its zeros in front aside.
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
