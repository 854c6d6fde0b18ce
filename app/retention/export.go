package retention

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/ledger"
)

// export is the file of a pass, made at the first row. It is open only while it is written
// to: a pass may wait long between two steps.
type export struct{ folder, path string }

func newExport(folder string) *export { return &export{folder: folder} }

// line is a removed row in the file.
type line struct {
	Table ledger.OldTable `json:"table"`
	Site  string          `json:"site"`
	Row   json.RawMessage `json:"row"`
}

// write adds rows to the file. When it returns without an error they are on disk.
func (e *export) write(table ledger.OldTable, site string, rows []ledger.OldRow) error {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, row := range rows {
		if err := lines.Encode(line{table, site, row.Text}); err != nil {
			return fmt.Errorf("write a row of %s: %w", table, err)
		}
	}
	file, err := e.open()
	if err != nil {
		return err
	}
	_, err = file.Write(text.Bytes())
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// open opens the file of the pass, or makes a new one: a file that an earlier pass left cut
// off stays as it is.
func (e *export) open() (*os.File, error) {
	if e.path != "" {
		return os.OpenFile(e.path, os.O_WRONLY|os.O_APPEND, 0o600)
	}
	if err := os.MkdirAll(e.folder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(e.folder, "removed-"+ledger.Now().Format("20060102T150405.000000Z")+".jsonl")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.SyncFolder(e.folder); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	e.path = path
	return file, nil
}
