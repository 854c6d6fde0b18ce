package job

import "testing"

func FuzzParseHints(f *testing.F) {
	f.Add([]byte(`{"requests": [{"entity": "post/12"}, {"entity": "a/b/c"}, {}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := parseHints(text)
		for _, h := range found {
			if err != nil || h.Type == "" || h.ID == "" {
				t.Errorf("%q: %+v, %v", text, found, err)
			}
		}
	})
}
