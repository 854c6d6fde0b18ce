//go:build unix

// Command bake is the drill of a CMS on bad days: it is baked again and again while
// editors write and delete, and it breaks off connections, answers with errors, with "not
// found", with its login page or with a page of maintenance; and bakes are killed with
// SIGKILL. What is in the folder afterwards must be pages of the CMS, as they were at some
// time, every byte outside of addresses as the CMS gave it. The last line is of key=value
// pairs; a broken promise ends it with 1.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/bake"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/pace"
)

// childVariable makes this program bake, so that it can be killed.
const childVariable = "PRESSRUN_DRILL_BAKE"

type figures struct {
	rounds, accepted, refused, killed, resumed, stale int
	publishedErrors, leaked, unaccounted, changed     int
	missed                                            int // good days on which the folder is not what the CMS has
}

func main() {
	rounds := flag.Int("rounds", 60, "how often the CMS is baked")
	pages := flag.Int("pages", 120, "how many pages it has at first")
	seed := flag.Uint64("seed", rand.Uint64N(1_000_000), "of what happens")
	flag.BoolVar(&unguarded, "unguarded", false, "let every guard pass, to see the drill fail")
	flag.Parse()
	if at := os.Getenv(childVariable); at != "" {
		cms, dir, _ := strings.Cut(at, " ")
		_, err := bake.Run(context.Background(), options(cms, dir))
		if _, ok := errors.AsType[*bake.Refused](err); err != nil && !ok {
			fmt.Fprintln(os.Stderr, "bake:", err)
			os.Exit(1)
		}
		return
	}
	f, err := drill(*rounds, *pages, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bake:", err)
	}
	fmt.Printf("rounds=%d seed=%d accepted=%d refused=%d killed=%d resumed=%d stale_pages=%d missed=%d changed_bytes_outside_addresses=%d published_errors=%d leaked_hosts=%d unaccounted=%d\n",
		f.rounds, *seed, f.accepted, f.refused, f.killed, f.resumed, f.stale, f.missed, f.changed, f.publishedErrors, f.leaked, f.unaccounted)
	if err != nil || f.publishedErrors+f.leaked+f.unaccounted+f.changed+f.missed > 0 || f.accepted == 0 || f.refused == 0 {
		os.Exit(1)
	}
}

const publicURL = "https://www.example.gov"

// unguarded lets every guard pass.
var unguarded bool

func options(cms, dir string) bake.Options {
	o := bake.Options{
		CMS: cms, Dir: dir, PublicURL: publicURL, Backoff: time.Millisecond, GiveUp: 2 * time.Second, Timeout: 2 * time.Second,
		Pace: pace.Limits{Most: 16, MaxWait: 20 * time.Millisecond},
	}
	if unguarded {
		o.Limits.Allow = judge.Guards()
	}
	return o
}

func drill(rounds, pages int, seed uint64) (f figures, err error) {
	folder, err := os.MkdirTemp("", "pressrun-bake-*")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	c := newCMS(pages, rand.New(rand.NewPCG(seed, 1)))
	defer c.Close()
	dir := filepath.Join(folder, "public")
	for f.rounds = range rounds {
		c.edit()
		fault := faults[0]
		if f.rounds > 0 {
			fault = faults[c.random.IntN(len(faults))]
		}
		c.breaks(fault)
		if f.rounds > 0 && c.random.IntN(4) == 0 {
			if err := kill(c, dir, &f); err != nil {
				return f, err
			}
		}
		a, err := bake.Run(context.Background(), options(c.URL, dir))
		if err := f.told(a, err); err != nil {
			return f, fmt.Errorf("round %d (%s): %w", f.rounds, fault, err)
		}
		if err := f.look(c, dir, fault == "" && err == nil && a.Accepted && !a.Resumed); err != nil {
			return f, fmt.Errorf("round %d (%s): %w", f.rounds, fault, err)
		}
	}
	f.rounds++
	return f, nil
}

// told counts what a bake came to.
func (f *figures) told(a judge.Account, err error) error {
	_, refused := errors.AsType[*bake.Refused](err)
	switch {
	case refused:
		f.refused++
	case err != nil:
		return err
	default:
		f.accepted++
	}
	if a.Resumed {
		f.resumed++
	}
	f.stale += a.Counts.Stale
	sum := a.Counts.Baked + a.Counts.Skipped + a.Counts.Stale + a.Counts.Redirects + a.Counts.Gone + a.Counts.Missing + a.Counts.NoPage + a.Counts.LeftOut + a.Counts.Unreachable + a.Counts.Bad
	f.unaccounted += a.Counts.Unaccounted + a.Counts.Known - sum
	return nil
}

// kill bakes in a process of its own, and kills it at some instant.
func kill(c *cms, dir string, f *figures) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+c.URL+" "+dir)
	if err := cmd.Start(); err != nil {
		return err
	}
	time.Sleep(time.Duration(c.random.IntN(120)) * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = cmd.Wait() // "signal: killed", as meant
	f.killed++
	return nil
}

// look looks at each file: it must be what the CMS had at some time, and on a good day
// what it has now.
func (f *figures) look(c *cms, dir string, good bool) error {
	files := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[name] = true
		host := strings.TrimPrefix(c.URL, "http://")
		if bytes.Contains(text, []byte(host)) || bytes.Contains(text, []byte(strings.ReplaceAll(host, ":", "%3A"))) {
			f.leaked++
		}
		f.judge(c, name, string(text), good)
		return err
	})
	if good {
		for _, name := range c.files() {
			if !files[name] {
				f.missed++
			}
		}
	}
	return err
}

func (f *figures) judge(c *cms, name, text string, good bool) {
	if strings.HasPrefix(name, "_") || name == "404.html" || name == "sitemap.xml" {
		return
	}
	now, ever := c.was(name, text)
	switch {
	case strings.Contains(text, errorMark):
		f.publishedErrors++
	case !ever:
		f.changed++
	case good && !now:
		f.missed++
	}
}
