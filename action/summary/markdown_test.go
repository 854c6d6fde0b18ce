package summary

import (
	"strings"
	"testing"
)

func FuzzEscape(f *testing.F) {
	f.Add("a\r\n::error::x\u202e\x1b[1m<b>")
	f.Add("####[[x] #\x00#[y]")
	f.Fuzz(func(t *testing.T, words string) {
		if strings.ContainsAny(escape(words), "<>@\n") {
			t.Errorf("%q is not escaped", escape(words))
		}
	})
}
