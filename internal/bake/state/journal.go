package state

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	jsonv2 "github.com/go-json-experiment/json" // reads pages in half of encoding/json's time
	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/atomicfile"
)

// Head is the first line of a journal and of a finished bake.
type Head struct {
	Version int       `json:"version"`
	Origin  string    `json:"origin"`
	Started time.Time `json:"started"`
	// Full is when everything was last requested anew.
	Full time.Time `json:"full,omitzero"`
	// Settings is a hash of the options on which the requests depend.
	Settings string `json:"settings"`
	// Mode is how this bake was begun: a resumed one goes on in it.
	Mode string `json:"mode,omitempty"`
	// Output is the folder that was made, Staged its name before it got its place.
	Output string `json:"output,omitempty"`
	Staged string `json:"staged,omitempty"`
	// Folder identifies the folder that was staged, whatever its name; "" where the
	// system can't tell.
	Folder string `json:"folder,omitempty"`
	// Base is when the last bake before this one began.
	Base time.Time `json:"base,omitzero"`
	// Names is a hash of the files' names and of the options with which pages are written.
	Names string `json:"names,omitempty"`
	// Broken are the linked addresses that were missing.
	Broken []string `json:"broken,omitempty"`
}

// version 2 has heads also behind pages (Extend), and is else as 1.
const version = 2

// Bake is a finished bake, its pages by ID; or the lines of a journal, in their order, of
// which a later one of a page replaces an earlier one.
type Bake struct {
	Head  Head
	Pages []*Page

	good  int64 // how many bytes of its file are whole lines
	added int   // how many lines were added to it
}

// maxLine bounds a line of a journal, in bytes.
const maxLine = 64 << 20

// read reads a bake or a journal. A last line that is cut off, as by a kill, does not count.
func read(in io.Reader, journal bool) (*Bake, error) {
	lines := bufio.NewReaderSize(in, 1<<20)
	first, err := lines.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("read its first line: %w", err)
	}
	b := &Bake{}
	if err := json.Unmarshal(first, &b.Head); err != nil {
		return nil, fmt.Errorf("read its first line: %w", err)
	}
	if b.Head.Version != version && b.Head.Version != 1 {
		return nil, fmt.Errorf("it has the version %d, and this program reads up to %d", b.Head.Version, version)
	}
	b.good = int64(len(first))
	pages, err := b.readPages(lines)
	if err != nil || journal {
		b.Pages = pages
		return b, err
	}
	for _, p := range pages {
		if err := b.Put(p); err != nil {
			return nil, err
		}
	}
	b.added = len(pages) - len(b.Pages)
	return b, nil
}

// headBegins is how a line begins that is a head's, and no page's.
var headBegins = []byte(`{"version":`)

// readPages reads the lines of pages, several at a time: of a large site most of the time of
// a bake in which nothing changed goes by with it. A later head takes the place of the first.
func (b *Bake) readPages(in io.Reader) ([]*Page, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	var lines [][]byte
	for {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			break // the last line is cut off
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("a line has more than %d bytes", maxLine)
		}
		b.good += int64(len(line)) + 1
		if text = rest; !bytes.HasPrefix(line, headBegins) {
			lines = append(lines, line)
			continue
		}
		var head Head
		if err := json.Unmarshal(line, &head); err != nil {
			return nil, fmt.Errorf("read a head of it: %w", err)
		}
		b.Head = head
	}
	pages := make([]*Page, len(lines))
	return pages, inParts(len(lines), func(from, to int) error {
		for i := from; i < to; i++ {
			pages[i] = &Page{}
			if err := jsonv2.Unmarshal(lines[i], pages[i]); err != nil {
				return fmt.Errorf("read a page of it: %w", err)
			}
		}
		return nil
	})
}

// inParts calls do for n things, in one part for each processor.
func inParts(n int, do func(from, to int) error) error {
	var g errgroup.Group
	parts := min(runtime.GOMAXPROCS(0), 8)
	for i := range parts {
		g.Go(func() error { return do(i*n/parts, (i+1)*n/parts) })
	}
	return g.Wait()
}

// Put replaces a page by its later state in a journal.
func (b *Bake) Put(p *Page) error {
	switch {
	case p.ID < 0 || int(p.ID) > len(b.Pages):
		return fmt.Errorf("the page %d is not the next one after %d pages", p.ID, len(b.Pages))
	case int(p.ID) == len(b.Pages):
		b.Pages = append(b.Pages, p)
	default:
		b.Pages[p.ID] = p
	}
	return nil
}

// ErrBusy says that another bake uses the folder.
var ErrBusy = errors.New("another bake of this site is under way")

// Folder is the folder with the state of one site's bakes.
type Folder struct {
	path  string
	texts *texts
}

// Open opens a folder, and makes it if there is none.
func Open(path string) (Folder, error) {
	if err := os.MkdirAll(filepath.Join(path, "bodies"), 0o700); err != nil {
		return Folder{}, fmt.Errorf("make the bake's folder of state: %w", err)
	}
	return Folder{path, &texts{by: map[string][]byte{}}}, nil
}

func (f Folder) at(name string) string { return filepath.Join(f.path, name) }

// Names of the files in the folder.
const (
	lastName    = "last.jsonl"
	nextName    = "next.jsonl"
	journalName = "journal.jsonl"
)

// Last is the last bake that was accepted; nil when there is none.
func (f Folder) Last() (*Bake, error) { return f.load(lastName) }

// Unfinished is the journal of a bake that was killed; nil when there is none.
func (f Folder) Unfinished() (*Bake, error) { return f.load(journalName) }

func (f Folder) load(name string) (*Bake, error) {
	file, err := os.Open(f.at(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("read the bake's state: %w", err)
	}
	defer func() { _ = file.Close() }()
	b, err := read(file, name == journalName)
	if err != nil {
		return nil, fmt.Errorf("read %s (remove it to bake from the beginning): %w", f.at(name), err)
	}
	return b, nil
}

// Next writes a bake that is about to get its place.
func (f Folder) Next(b *Bake) error {
	b.Head.Version = version
	head, err := json.Marshal(b.Head)
	if err != nil {
		return fmt.Errorf("write the bake's state: %w", err)
	}
	lines := make([][]byte, len(b.Pages))
	err = inParts(len(b.Pages), func(from, to int) error {
		for i := from; i < to; i++ {
			var err error
			if lines[i], err = json.Marshal(b.Pages[i]); err != nil {
				return fmt.Errorf("write the bake's state: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, line := range append([][]byte{head}, lines...) {
		text.Write(line)
		text.WriteByte('\n')
	}
	if err := atomicfile.Write(f.at(nextName), text.Bytes()); err != nil {
		return fmt.Errorf("write the bake's state: %w", err)
	}
	return nil
}

// Accept makes the next bake the last one, and forgets its journal.
func (f Folder) Accept() error {
	if err := os.Rename(f.at(nextName), f.at(lastName)); err != nil {
		return fmt.Errorf("keep the bake's state: %w", err)
	}
	return f.Forget()
}

// Forget removes an unfinished bake.
func (f Folder) Forget() error {
	return errors.Join(removed(f.at(journalName)), removed(f.at(nextName)))
}

func removed(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Recover completes or undoes a bake that was killed between placing the output and keeping
// the state. placed says whether a staged folder has got its place.
func (f Folder) Recover(placed func(Head) bool) error {
	next, err := f.load(nextName)
	if err != nil || next == nil {
		return err
	}
	if placed(next.Head) {
		return f.Accept()
	}
	return removed(f.at(nextName))
}

// Journal is a bake that is under way, on disk.
type Journal struct {
	file *os.File
	out  *bufio.Writer
}

// Begin begins a journal.
func (f Folder) Begin(head Head) (*Journal, error) {
	file, err := os.OpenFile(f.at(journalName), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the bake's journal: %w", err)
	}
	j := &Journal{file, bufio.NewWriterSize(file, 64<<10)}
	head.Version = version
	if err := errors.Join(j.line(head), j.Flush()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

// Resume goes on with a journal. What a kill left of a line at its end is cut off.
func (f Folder) Resume() (*Journal, error) {
	file, err := os.OpenFile(f.at(journalName), os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the bake's journal: %w", err)
	}
	text, err := io.ReadAll(file)
	if err == nil {
		whole := int64(bytes.LastIndexByte(text, '\n') + 1)
		if err = file.Truncate(whole); err == nil {
			_, err = file.Seek(whole, io.SeekStart)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the bake's journal: %w", err), file.Close())
	}
	return &Journal{file, bufio.NewWriterSize(file, 64<<10)}, nil
}

func (j *Journal) line(v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		_, err = j.out.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the bake's journal: %w", err)
	}
	return nil
}

// Put notes pages; they are in the file once Flush returns.
func (j *Journal) Put(pages ...*Page) error {
	for _, p := range pages {
		if err := j.line(p); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes the buffered lines to the file, so that a kill of this process loses nothing.
func (j *Journal) Flush() error {
	if err := j.out.Flush(); err != nil {
		return fmt.Errorf("write the bake's journal: %w", err)
	}
	return nil
}

// Close ends writing.
func (j *Journal) Close() error { return errors.Join(j.Flush(), j.file.Close()) }
