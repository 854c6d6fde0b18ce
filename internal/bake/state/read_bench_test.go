package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
)

// BenchmarkRead reads the state of a site of 5,000 pages, which each bake begins with.
func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	lines := json.NewEncoder(&file)
	if err := lines.Encode(Head{Version: version}); err != nil {
		b.Fatal(err)
	}
	for i := range 5000 {
		at := address.Address(fmt.Sprintf("/page-%d/", i))
		err := lines.Encode(&Page{
			ID: int32(i), Address: at, Sources: []Source{{Kind: "link", From: "/"}}, Status: 200,
			Type: "text/html; charset=utf-8", Size: 7000, ETag: `"0123456789abcdef"`, Tags: []string{fmt.Sprintf("page-%d", i)},
			Title: fmt.Sprintf("Page %d", i), Read: time.Unix(1700000000, 0).UTC(),
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		if got, err := read(bytes.NewReader(file.Bytes()), false); err != nil || len(got.Pages) != 5000 {
			b.Fatal(len(got.Pages), err)
		}
	}
}
