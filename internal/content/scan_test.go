package content

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzScan holds what is taken apart of valid JSON to encoding/json.
func FuzzScan(f *testing.F) {
	for _, text := range []string{
		`{}`, ` { } `, `[]`, `[ ]`, `null`, `"a"`, `{"a":1}`, `{"a": [1, {"b": "]}"}] , "c":null,"a":2}`, `[1,"x\"y\\\\",[2,[]],{"a":{}}, true ,-1.5e3]`,
		`{"\u0061":1,"a\"b":"\\"}`, "{\"\xff\":1}", `[[]]`, `{"":""}`, "\n[\t1\r]\n", `["\\","b"]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		var object Object
		wantObject := json.Unmarshal(text, &object) == nil && object != nil
		got, ok := (&scanner{text: text}).members()
		if ok != wantObject || ok && !cmp.Equal(plain(object), plain(got)) {
			t.Errorf("%q: %v, %q; want %v, %q", text, ok, got, wantObject, object)
		}
		var list []json.RawMessage
		wantList := json.Unmarshal(text, &list) == nil && list != nil
		items, ok := (&scanner{text: text}).items()
		if ok != wantList || ok && fmt.Sprintf("%q", list) != fmt.Sprintf("%q", items) {
			t.Errorf("%q: %v, %q; want %v, %q", text, ok, items, wantList, list)
		}
	})
}

func plain(o Object) map[string]string {
	out := map[string]string{}
	for name, value := range o {
		out[name] = string(value)
	}
	return out
}

// BenchmarkRead reads a page of a hundred records.
func BenchmarkRead(b *testing.B) {
	var items []string
	for i := range 100 {
		items = append(items, fmt.Sprintf(`{"id":%d,"modified":"2026-11-30T10:20:30","author":%d,"content":{"rendered":%q}}`, i, i%5, strings.Repeat("A text with \"words\". ", 100)))
	}
	body := []byte("[" + strings.Join(items, ",") + "]")
	t := Type{Name: "posts", ID: "/id", Stamp: "/modified", References: map[Pointer]string{"/author": "users"}}
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if page, err := t.Read(nil, body); err != nil || len(page.Items) != 100 {
			b.Fatal(len(page.Items), err)
		}
	}
}
