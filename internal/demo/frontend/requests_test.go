package frontend

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func FuzzDecodeRequests(f *testing.F) {
	f.Add([]byte(`[{"title":"a","entity":"b","action":"c","actor":"d"}]`))
	f.Add([]byte(`{"requests":[{"title":"\u001b[0m"}]}`))
	f.Add([]byte(`{"requests":null}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, data []byte) {
		changed, err := decodeRequests(data)
		if err != nil {
			return
		}
		for _, text := range changed {
			if text == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > 5*maxChangedText {
				t.Errorf("%q is not one plain line", text)
			}
		}
	})
}
