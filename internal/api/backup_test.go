package api

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// aLedger is the beginning of a SQLite file of so many pages of 512 bytes, and
// nothing but zeros after it.
func aLedger(pages uint32) []byte {
	text := make([]byte, 512*pages)
	copy(text, sqliteMagic)
	binary.BigEndian.PutUint16(text[pageSizeOffset:], 512)
	binary.BigEndian.PutUint32(text[pagesOffset:], pages)
	return text
}

func TestABackupThatBrokeOffIsNotTakenForWhole(t *testing.T) {
	whole := aLedger(40)
	for name, c := range map[string]struct {
		answer []byte
		length string // announced; "" for none, as of a proxy that sends on in chunks
		whole  bool
	}{
		"whole":                             {whole, "", true},
		"whole, with its length":            {whole, fmt.Sprint(len(whole)), true},
		"nothing at all":                    {nil, "", false},
		"nothing, and told so":              {nil, "0", false},
		"a part of the header":              {whole[:60], "", false},
		"a part":                            {whole[:9000], "", false},
		"a part of what was announced":      {whole[:9000], fmt.Sprint(len(whole)), false},
		"too much":                          {append(aLedger(40), 0), "", false},
		"the sign-in page of somebody else": {[]byte(strings.Repeat("<html>Sign in</html>", 100)), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.length != "" {
					w.Header().Set("Content-Length", c.length)
				}
				_, _ = w.Write(c.answer)
			}))
			defer srv.Close()
			client, err := NewClient(srv.URL, "", Options{Tries: 1})
			if err != nil {
				t.Fatal(err)
			}
			body, err := client.Backup(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			n, err := io.Copy(io.Discard, body)
			if c.whole && (err != nil || n != int64(len(c.answer))) {
				t.Errorf("%d bytes were read: %v", n, err)
			}
			if !c.whole && !errors.Is(err, ErrNotWhole) {
				t.Errorf("%d bytes were taken for whole: %v", n, err)
			}
		})
	}
}
