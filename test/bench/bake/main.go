//go:build unix

// Command bake measures how long it takes to make static files of a local site with
// pressrun bake, and beside it in the same run with wget --mirror and HTTrack; then a second
// bake where nothing changed, with tags and without. The last lines are of key=value pairs.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/test/program"
)

// site is a site of so many pages, each of which takes a while to make.
type site struct {
	pages int
	delay time.Duration
	asked atomic.Int64
}

const mark = "<p id=mark>"

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	var i int
	n, _ := fmt.Sscanf(r.URL.Path, "/page-%d/", &i)
	switch {
	case r.URL.Path == "/style.css":
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, "body{margin:0}")
		return
	case r.URL.Path != "/" && (n != 1 || i < 1 || i >= s.pages):
		http.NotFound(w, r)
		return
	}
	time.Sleep(s.delay)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Tag", fmt.Sprintf("page-%d", i))
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!DOCTYPE html><html><head><title>Page %d</title><link rel=stylesheet href=/style.css></head><body>%s%d</p>\n", i, mark, i)
	for _, to := range []int{2*i + 1, 2*i + 2, i / 2, i + 1, i - 1} {
		if to > 0 && to < s.pages {
			fmt.Fprintf(&b, "<p><a href='http://%s/page-%d/'>Page %d</a> and <a href='/page-%d/'>again</a></p>\n", r.Host, to, to, to)
		}
	}
	for range 60 {
		fmt.Fprint(&b, "<p class=text>Some words of a page, as there are on every page of a site, with no address in them at all.</p>\n")
	}
	_, _ = w.Write(b.Bytes()) // the reader may have gone
}

func main() {
	s := &site{}
	flag.IntVar(&s.pages, "pages", 5000, "how many pages the site has")
	flag.DurationVar(&s.delay, "delay", 2*time.Millisecond, "how long the site takes for a page")
	flag.Parse()
	if err := bench(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "bake:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, s *site) (err error) {
	server := httptest.NewServer(s)
	defer server.Close()
	folder, err := os.MkdirTemp("", "pressrun-bench-bake-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binary, err := program.Build(ctx, "./cmd/pressrun")
	if err != nil {
		return err
	}
	public := filepath.Join(folder, "public")
	bake := []string{binary, "bake", server.URL, public, "--public-url", "https://www.example.gov", "--list", "none"}
	took := map[string]time.Duration{}
	for _, tool := range []struct {
		name, dir string
		command   []string
	}{
		{"bake", public, bake},
		{"bake_unchanged", public, bake},
		{"bake_unchanged_tags", public, append(bake, "--changed", "node:nothing")},
		{"wget", filepath.Join(folder, "wget"), []string{"wget", "--mirror", "--convert-links", "--no-verbose", "-P", filepath.Join(folder, "wget"), server.URL + "/"}},
		{"httrack", filepath.Join(folder, "httrack"), []string{"httrack", server.URL + "/", "-O", filepath.Join(folder, "httrack"), "-q", "-%v0", "--disable-security-limits", "-c16", "-%c1000", "-A100000000", "-s0"}},
	} {
		if _, err := exec.LookPath(tool.command[0]); err != nil {
			fmt.Printf("%s: not here (%v)\n", tool.name, err)
			continue
		}
		before, began := s.asked.Load(), time.Now()
		out, err := exec.CommandContext(ctx, tool.command[0], tool.command[1:]...).CombinedOutput()
		took[tool.name] = time.Since(began)
		pages, countErr := count(tool.dir)
		if countErr != nil {
			return countErr
		}
		fmt.Printf("%s: seconds=%.2f pages=%d requests=%d (%v)\n", tool.name, took[tool.name].Seconds(), pages, s.asked.Load()-before, err)
		if strings.HasPrefix(tool.name, "bake") && err != nil {
			return fmt.Errorf("%s: %w\n%s", tool.name, err, out)
		}
	}
	best := took["wget"]
	if h, ok := took["httrack"]; ok && h < best {
		best = h
	}
	fmt.Printf("pages=%d delay=%s bake_to_best=%.3f unchanged_to_full=%.3f unchanged_tags_to_full=%.3f\n", s.pages, s.delay,
		took["bake"].Seconds()/best.Seconds(), took["bake_unchanged"].Seconds()/took["bake"].Seconds(), took["bake_unchanged_tags"].Seconds()/took["bake"].Seconds())
	return nil
}

// count counts the different pages of a folder, by what each has in it alone.
func count(dir string) (int, error) {
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if _, rest, ok := bytes.Cut(text, []byte(mark)); ok {
			number, _, _ := bytes.Cut(rest, []byte("<"))
			seen[string(number)] = true
		}
		return err
	})
	return len(seen), err
}
