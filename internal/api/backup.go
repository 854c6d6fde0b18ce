package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Backup opens a whole copy of the app's ledger, a SQLite file. The caller closes it. It
// needs an operator's token. Reading fails with an ErrNotWhole instead of io.EOF when the
// copy is not whole.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	resp, err := c.stream(ctx, call{method: http.MethodGet, path: "/v1/backup"}, nil)
	if err != nil {
		return nil, err
	}
	resp.Body = &wholeCopy{ReadCloser: resp.Body}
	return resp.Body, nil
}

// ErrNotWhole says that a backup broke off on its way, or that another server than
// Pressrun answered: the copy is useless.
var ErrNotWhole = errors.New("the copy of the ledger did not arrive whole; fetch it again")

// wholeCopy checks a SQLite file while it is read: the header tells how large it is. The
// header Content-Length does not do: a proxy that rewrites answers may drop it.
type wholeCopy struct {
	io.ReadCloser
	header []byte
	read   int64
}

// The fields of a SQLite file's header (https://sqlite.org/fileformat.html, section 1.3).
const (
	sqliteHeader   = 100
	sqliteMagic    = "SQLite format 3\x00"
	pageSizeOffset = 16
	pagesOffset    = 28
)

// Read reads the copy.
func (w *wholeCopy) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.header = append(w.header, p[:min(n, sqliteHeader-len(w.header))]...)
	w.read += int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		if short := w.short(); short != nil {
			return n, short
		}
	}
	return n, err
}

// short fails with ErrNotWhole when bytes are missing.
func (w *wholeCopy) short() error {
	if len(w.header) < sqliteHeader || !bytes.HasPrefix(w.header, []byte(sqliteMagic)) {
		return fmt.Errorf("%w: %d bytes came, which do not begin like a ledger", ErrNotWhole, w.read)
	}
	page := int64(binary.BigEndian.Uint16(w.header[pageSizeOffset:]))
	if page == 1 {
		page = 1 << 16
	}
	if whole := page * int64(binary.BigEndian.Uint32(w.header[pagesOffset:])); w.read != whole {
		return fmt.Errorf("%w: %d of %d bytes came", ErrNotWhole, w.read, whole)
	}
	return nil
}
