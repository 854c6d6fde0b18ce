//go:build unix

// Command bake measures how long it takes to make static files of a local site with
// pressrun bake, and beside it in the same run with wget --mirror and HTTrack; then a second
// bake where nothing changed, with tags and without. What each made is held to the same link
// check: all pages must be there, and no link may lead to a file that is not. The last lines
// are of key=value pairs.
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
	"regexp"
	"slices"
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
	// without names tools that are not run.
	without string
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
	flag.StringVar(&s.without, "without", "", "tools that are left out: wget, httrack (which takes minutes)")
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
	bake := []string{binary, "bake", server.URL, public, "--public-url", publicURL, "--list", "none"}
	took := map[string]time.Duration{}
	for _, t := range []tool{
		{name: "bake", dir: public, command: bake},
		{name: "wget", dir: filepath.Join(folder, "wget"), command: []string{"wget", "--mirror", "--convert-links", "--no-verbose", "-P", filepath.Join(folder, "wget"), server.URL + "/"}},
		{name: "bake_unchanged", dir: public, command: bake, times: 3},
		{name: "bake_unchanged_tags", dir: public, command: slices.Concat(bake, []string{"--changed", "node:nothing"}), times: 5},
		{name: "httrack", dir: filepath.Join(folder, "httrack"), command: []string{"httrack", server.URL + "/", "-O", filepath.Join(folder, "httrack"), "-q", "-%v0", "--disable-security-limits", "-c16", "-%c1000", "-A100000000", "-s0"}},
	} {
		if took[t.name], err = s.median(ctx, t); err != nil {
			return err
		}
	}
	best := took["wget"]
	if h := took["httrack"]; h > 0 && h < best {
		best = h
	}
	fmt.Printf("pages=%d delay=%s bake_to_best=%.3f unchanged_to_full=%.3f unchanged_tags_to_full=%.3f\n", s.pages, s.delay,
		took["bake"].Seconds()/best.Seconds(), took["bake_unchanged"].Seconds()/took["bake"].Seconds(), took["bake_unchanged_tags"].Seconds()/took["bake"].Seconds())
	return nil
}

// publicURL is where what pressrun bakes is said to be.
const publicURL = "https://www.example.gov"

// tool is one of those that are compared, and where it puts the site.
type tool struct {
	name, dir string
	command   []string
	times     int // how often it is run: what ends in a tenth of a second is more chance than time
}

// median runs a tool as often as it is to be, once at least, and returns its median time.
func (s *site) median(ctx context.Context, t tool) (time.Duration, error) {
	var all []time.Duration
	for range max(t.times, 1) {
		took, err := s.run(ctx, t)
		if err != nil {
			return 0, err
		}
		all = append(all, took)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// run has a tool copy the site, and tells what came of it. It took no time where the tool is
// not on this machine.
func (s *site) run(ctx context.Context, t tool) (time.Duration, error) {
	if strings.Contains(s.without, t.name) {
		return 0, nil
	}
	if _, err := exec.LookPath(t.command[0]); err != nil {
		fmt.Printf("%s: not here (%v)\n", t.name, err)
		return 0, nil
	}
	before, began := s.asked.Load(), time.Now()
	cmd := exec.CommandContext(ctx, t.command[0], t.command[1:]...)
	out, failed := cmd.CombinedOutput()
	took, cpu := time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	pages, broken, err := check(t.dir)
	if err != nil {
		return 0, err
	}
	fmt.Printf("%s: seconds=%.2f cpu_seconds=%.2f pages=%d broken_links=%d requests=%d (%v)\n", t.name, took.Seconds(), cpu.Seconds(), pages, broken, s.asked.Load()-before, failed)
	if strings.HasPrefix(t.name, "bake") && (failed != nil || pages != s.pages || broken > 0) {
		return 0, errors.Join(failed, fmt.Errorf("%s did not copy the site: %d of %d pages, %d broken links\n%s", t.name, pages, s.pages, broken, out))
	}
	return took, nil
}

var link = regexp.MustCompile(`<a href=["']([^"']+)["']`)

// check counts the different pages of a folder, by what each has in it alone, and the links
// of theirs that lead to no file of it.
func check(dir string) (pages, broken int, err error) {
	seen := map[string]bool{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		_, rest, ok := bytes.Cut(text, []byte(mark))
		if !ok {
			return err
		}
		number, _, _ := bytes.Cut(rest, []byte("<"))
		seen[string(number)] = true
		for _, l := range link.FindAllSubmatch(text, -1) {
			to, _, _ := strings.Cut(strings.TrimPrefix(string(l[1]), publicURL), "#")
			from := filepath.Dir(path)
			if strings.HasPrefix(to, "/") {
				from = dir
			}
			if !leads(filepath.Join(from, filepath.FromSlash(to)), strings.HasSuffix(to, "/")) {
				broken++
			}
		}
		return err
	})
	return len(seen), broken, err
}

// leads says whether there is a file where a link leads.
func leads(to string, folder bool) bool {
	if folder {
		to = filepath.Join(to, "index.html")
	}
	info, err := os.Stat(to)
	return err == nil && info.Mode().IsRegular()
}
