package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// output keeps a run's output within bounds: its first part in output.log, its last part
// in one or two files output.<offset>, where <offset> is how many bytes of output come
// before. The output between is dropped; the offsets tell how much that is, also after a
// crash.
type output struct {
	folder folder
	// head and piece bound the first part and each of the last, in bytes.
	head, piece int64
	total       int64 // bytes written so far, kept or not
	file        *os.File
	size, limit int64    // of file
	pieces      []string // the files of the last part, oldest first
}

// newOutput begins a run's log of at most limit bytes in all.
func newOutput(f folder, limit int64) (*output, error) {
	limit = max(limit, 1<<10)
	o := &output{folder: f, head: limit / 2, piece: limit / 4}
	file, err := os.OpenFile(f.file("output.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the run's log: %w", err)
	}
	o.file, o.limit = file, o.head
	return o, nil
}

// Write implements io.Writer. It never fails: a full disk costs the log, not
// the release.
func (o *output) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part := p[:min(int64(len(p)), max(o.limit-o.size, 0))]
		// Pieces begin with a new line where possible.
		if len(part) < len(p) {
			if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
				part = part[:i+1]
			}
		}
		if o.file != nil {
			if _, err := o.file.Write(part); err != nil {
				_ = o.file.Close() // output that can't be written is dropped
				o.file = nil
			}
		}
		o.size += int64(len(part))
		o.total += int64(len(part))
		if p = p[len(part):]; len(p) > 0 {
			o.next()
		}
	}
	return n, nil
}

// next begins a new piece, and drops the oldest when there are two.
func (o *output) next() {
	if o.file != nil {
		_ = o.file.Close() // written through already
	}
	if len(o.pieces) == 2 {
		_ = os.Remove(o.pieces[0]) // at worst the log is longer
		o.pieces = o.pieces[1:]
	}
	name := o.folder.file(fmt.Sprintf("output.%d", o.total))
	file, err := os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	o.file, o.size, o.limit = file, 0, o.piece
	if err != nil {
		o.file = nil
		return
	}
	o.pieces = append(o.pieces, name)
}

func (o *output) Close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}

// openOutput opens a run's output so far, with a line in place of the dropped part.
// fs.ErrNotExist when there is none.
func openOutput(f folder) (io.ReadCloser, error) {
	for range 10 {
		log, err := openParts(f)
		if err == nil || !errors.Is(err, errMoved) {
			return log, err
		}
	}
	return nil, fmt.Errorf("open a run's log: %w", errMoved)
}

// errMoved says that a piece was dropped between its listing and its opening.
var errMoved = errors.New("the log moved on while it was being opened")

type logReader struct {
	io.Reader
	files []*os.File
}

func (l *logReader) Close() error {
	var err error
	for _, f := range l.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

func openParts(f folder) (io.ReadCloser, error) {
	first, err := os.Open(f.file("output.log"))
	if err != nil {
		return nil, fmt.Errorf("open a run's log: %w", err)
	}
	l := &logReader{files: []*os.File{first}}
	readers := []io.Reader{first}
	info, err := first.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a run's log: %w", err), l.Close())
	}
	offsets, err := f.pieces()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	for i, offset := range offsets {
		piece, err := os.Open(f.file("output." + strconv.FormatInt(offset, 10)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(errMoved, l.Close())
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open a run's log: %w", err), l.Close())
		}
		if gap := offset - info.Size(); i == 0 && gap > 0 {
			readers = append(readers, strings.NewReader(fmt.Sprintf("\n[pressrun: %d bytes of output are left out here]\n", gap)))
		}
		l.files = append(l.files, piece)
		readers = append(readers, piece)
	}
	l.Reader = io.MultiReader(readers...)
	return l, nil
}

// pieces are the offsets of the last part's files, in order.
func (f folder) pieces() ([]int64, error) {
	names, err := filepath.Glob(f.file("output.*"))
	if err != nil {
		return nil, fmt.Errorf("list a run's log: %w", err)
	}
	var out []int64
	for _, name := range names {
		if n, err := strconv.ParseInt(strings.TrimPrefix(filepath.Base(name), "output."), 10, 64); err == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}
