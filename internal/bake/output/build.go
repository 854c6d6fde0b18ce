package output

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/crawl"
	"github.com/pressrun/pressrun/internal/bake/discover"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/bake/state"
)

// Canary is a text that must be in a page.
type Canary struct {
	Page address.Address
	Text string
}

// Site is a site that is written to a folder.
type Site struct {
	Mapping Mapping
	Pages   []*state.Page // by ID
	Bodies  state.Bodies
	// Missing is the address that no page has, whose answer is the 404 page.
	Missing address.Address
	// AllowRobots publishes a robots.txt that forbids nothing in place of one that forbids all.
	AllowRobots bool
	// MayLeak match the files in which the CMS's host may stay.
	MayLeak  []*regexp.Regexp
	Canaries []Canary
	// Previous is the folder of the last bake, and Before its pages by address: unchanged
	// files are linked and not written. Before is nil if all must be written.
	Previous string
	Before   map[address.Address]*state.Page
}

// Build makes the folder to, which must not be there yet.
func (s *Site) Build(ctx context.Context, to string) (judge.Findings, error) {
	if err := os.MkdirAll(to, 0o755); err != nil { //nolint:gosec // G301: a web server may read it
		return judge.Findings{}, fmt.Errorf("make the output: %w", err)
	}
	b := &builder{Site: s, to: to, renderer: newRenderer(&s.Mapping), folders: map[string]bool{"": true}}
	files := s.files()
	for _, f := range files {
		if err := b.folder(filepath.Dir(filepath.FromSlash(f.place.File))); err != nil {
			return b.findings, err
		}
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for _, f := range files {
		if within.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := b.file(f); err != nil {
				return fmt.Errorf("write %s: %w", f.place.File, err)
			}
			return nil
		})
	}
	if err := cmp.Or(group.Wait(), ctx.Err()); err != nil {
		return b.findings, err
	}
	for _, c := range b.Canaries {
		if !slices.ContainsFunc(files, func(f file) bool { return f.page.Address == c.Page }) {
			b.findings.Canaries = append(b.findings.Canaries, fmt.Sprintf("%s: the page that must have %q is missing", c.Page, c.Text))
		}
	}
	err := errors.Join(b.rules(files), b.robots(files))
	slices.Sort(b.findings.Leaks)
	slices.Sort(b.findings.Canaries)
	return b.findings, err
}

// file is a page that is to be written.
type file struct {
	page  *state.Page
	place address.Place
	// anywhere says that it is shown at any address: the site's page for 404.
	anywhere bool
}

// files are the files of the site, each once.
func (s *Site) files() []file {
	var out []file
	taken := map[string]bool{}
	for _, p := range s.sorted() {
		if p.Address == s.Missing {
			if p.Gone() && p.Size > 0 && crawl.FormatOf(p.Type) == crawl.HTML && !taken["404.html"] {
				taken["404.html"] = true
				out = append(out, file{page: p, place: address.Place{File: "404.html", Path: "/404.html"}, anywhere: true})
			}
			continue
		}
		place, ok := s.Mapping.Places[p.Address]
		if ok && judge.Published(p) && !taken[place.File] {
			taken[place.File] = true
			out = append(out, file{page: p, place: place})
		}
	}
	return out
}

// sorted are the pages in an order in which the same one of two always gets a file.
func (s *Site) sorted() []*state.Page {
	pages := slices.Clone(s.Pages)
	slices.SortFunc(pages, func(a, b *state.Page) int {
		return cmp.Or(cmp.Compare(a.QueryKind, b.QueryKind), cmp.Compare(len(a.Address), len(b.Address)), cmp.Compare(a.Address, b.Address))
	})
	return pages
}

// builder makes the folder of a site.
type builder struct {
	*Site
	*renderer
	to      string
	folders map[string]bool

	mu       sync.Mutex
	findings judge.Findings
}

func (b *builder) folder(name string) error {
	if name == "." || b.folders[name] {
		return nil
	}
	b.folders[name] = true
	if err := os.MkdirAll(filepath.Join(b.to, name), 0o755); err != nil { //nolint:gosec // G301: a web server may read it
		return fmt.Errorf("make the output: %w", err)
	}
	return nil
}

// maxScanned bounds how much of a file that is no text is scanned, in bytes.
const maxScanned = 64 << 20

func (b *builder) file(f file) error {
	path := filepath.Join(b.to, filepath.FromSlash(f.place.File))
	if b.linkUnchanged(f, path) {
		return nil
	}
	if crawl.FormatOf(f.page.Type) == crawl.Opaque && !strings.HasSuffix(f.place.File, ".xml.gz") {
		if err := b.inspectFile(f); err != nil {
			return err
		}
		return b.linkOrCopy(b.Bodies.Path(f.page.Sum), path, f.place.File)
	}
	text, err := b.Bodies.Read(f.page.Sum)
	if err != nil {
		return err
	}
	served := f.place.Path
	if f.anywhere {
		served = "/:anywhere:/" // no relative reference may stay
	}
	if text, err = b.render(f.page, served, text); err != nil {
		return err
	}
	b.inspect(f, text)
	return b.write(path, f.place.File, text)
}

// linkUnchanged links the file of the last bake, if the new one would be the same.
func (b *builder) linkUnchanged(f file, path string) bool {
	last := b.Before[f.page.Address]
	if last == nil || last.Sum != f.page.Sum || last.Type != f.page.Type || last.Out == 0 || f.place.File == "robots.txt" || b.hasCanary(f.page.Address) {
		return false
	}
	old := filepath.Join(b.Previous, filepath.FromSlash(f.place.File))
	info, err := os.Lstat(old)
	if err != nil || !info.Mode().IsRegular() || info.Size() != last.Out || os.Link(old, path) != nil {
		return false
	}
	f.page.Out = last.Out
	return true
}

func (b *builder) hasCanary(a address.Address) bool {
	return slices.ContainsFunc(b.Canaries, func(c Canary) bool { return c.Page == a })
}

// inspect looks in a text for leaks of the host, and for the canaries.
func (b *builder) inspect(f file, text []byte) {
	leak := b.leak(f.place.File, text)
	if slices.ContainsFunc(b.MayLeak, func(re *regexp.Regexp) bool { return re.MatchString(f.place.File) }) {
		leak = ""
	}
	f.page.Out = int64(len(text))
	if f.anywhere {
		f.page.Out = 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if leak != "" {
		b.findings.Leaks = append(b.findings.Leaks, leak)
	}
	for _, c := range b.Canaries {
		if c.Page == f.page.Address && !strings.Contains(string(text), c.Text) {
			b.findings.Canaries = append(b.findings.Canaries, fmt.Sprintf("%s: %q", c.Page, c.Text))
		}
	}
}

func (b *builder) inspectFile(f file) error {
	in, err := os.Open(b.Bodies.Path(f.page.Sum))
	if err != nil {
		return fmt.Errorf("read a kept answer: %w", err)
	}
	defer func() { _ = in.Close() }()
	text, err := io.ReadAll(io.LimitReader(in, maxScanned))
	if err != nil {
		return fmt.Errorf("read a kept answer: %w", err)
	}
	b.inspect(f, text)
	f.page.Out = f.page.Size
	return nil
}

func (b *builder) write(path, name string, text []byte) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // G302: a web server may read it
	if errors.Is(err, fs.ErrExist) {
		return b.noteTwin(name)
	}
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, out.Close())
}

// noteTwin notes a name that this file system does not keep apart from another.
func (b *builder) noteTwin(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.findings.Twins = append(b.findings.Twins, name+": the file system takes its name for that of another file")
	return nil
}

// linkOrCopy links a content, or copies it where there are no links.
func (b *builder) linkOrCopy(from, to, name string) error {
	err := os.Link(from, to)
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return b.noteTwin(name)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // G302: a web server may read it
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// robots checks the robots.txt, and replaces it if AllowRobots says so.
func (b *builder) robots(files []file) error {
	i := slices.IndexFunc(files, func(f file) bool { return f.place.File == "robots.txt" })
	if i < 0 {
		return nil
	}
	path := filepath.Join(b.to, "robots.txt")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	said := discover.ReadRobots(text)
	switch {
	case !said.ForbidsAll:
		return nil
	case !b.AllowRobots:
		b.findings.Forbids = true
		return nil
	}
	allowing := "User-agent: *\nAllow: /\n"
	for _, s := range said.Sitemaps {
		allowing += "Sitemap: " + s + "\n"
	}
	return errors.Join(os.Remove(path), b.write(path, "robots.txt", []byte(allowing)))
}
