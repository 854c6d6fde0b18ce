//go:build unix

// Command previews is the drill of previews: branches are pushed, closed, extended and
// swept at random, several at once, beside deploys of the public site, and commands are
// killed with SIGKILL. No file of the public site may be touched, no draft may be at a
// preview that is not marked so, and when all time is over nothing may be left. The last
// line is of key=value pairs; a broken promise ends it with 1.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// childVariable makes this program carry out one act, so that it can be killed.
const childVariable = "PRESSRUN_DRILL_PREVIEWS"

// act is one command of somebody.
type act struct {
	Kind    string    `json:"kind"` // create, remove, extend, sweep, deploy
	Ref     string    `json:"ref"`
	Drafts  bool      `json:"drafts"`
	Version int       `json:"version"`
	Place   string    `json:"place"`
	Site    string    `json:"site"`
	Builds  string    `json:"builds"`
	Now     time.Time `json:"now"`
}

type figures struct {
	acts, killed, refused, failed, created, removed, swept int
	leftovers, touched, leaked, strange                    int
}

func main() {
	acts := flag.Int("acts", 1000, "how many commands are run")
	seed := flag.Uint64("seed", rand.Uint64N(1_000_000), "of what happens")
	flag.Parse()
	if text := os.Getenv(childVariable); text != "" {
		os.Exit(child(text))
	}
	f, err := drill(*acts, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "previews:", err)
	}
	fmt.Printf("acts=%d seed=%d created=%d removed=%d swept=%d killed=%d refused=%d failed=%d leftovers=%d production_files_touched=%d drafts_leaked=%d strangers_shown=%d\n",
		f.acts, *seed, f.created, f.removed, f.swept, f.killed, f.refused, f.failed, f.leftovers, f.touched, f.leaked, f.strange)
	if err != nil || f.leftovers+f.touched+f.leaked+f.strange+f.failed > 0 || f.created == 0 || f.killed == 0 {
		os.Exit(1)
	}
}

// refs have names that would collide if they were only cut to what a host can be.
var refs = []string{"main", "feature/a", "feature-a", "feature_a", "Feature-A", "v1.0", "v1-0", "日本語", "中文", "a/b/c", "a-b/c", "fix/$(reboot)"}

func drill(acts int, seed uint64) (f figures, err error) {
	folder, err := os.MkdirTemp("", "pressrun-previews-*")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	rng := rand.New(rand.NewPCG(seed, 1))
	d := &world{place: "file://" + filepath.ToSlash(folder) + "/previews", site: "file://" + filepath.ToSlash(folder) + "/www", folder: folder}
	if err := d.writeBuilds(); err != nil {
		return f, err
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	if code, text := d.run(act{Kind: "deploy", Now: now}, 0); code != 0 {
		return f, fmt.Errorf("the first deploy: %s", text)
	}
	for f.acts < acts {
		now = now.Add(time.Duration(rng.IntN(18)) * time.Hour)
		d.together(&f, rng, now)
		if err := d.look(&f, now); err != nil {
			return f, err
		}
	}
	return f, d.end(&f, now.Add(200*24*time.Hour))
}

// together runs one to three acts at once, and kills some of them.
func (d *world) together(f *figures, rng *rand.Rand, now time.Time) {
	var all sync.WaitGroup
	var mu sync.Mutex // guards f
	for range 1 + rng.IntN(3) {
		a := act{Ref: refs[rng.IntN(len(refs))], Drafts: rng.IntN(3) == 0, Version: rng.IntN(4), Now: now}
		a.Kind = []string{"create", "create", "create", "create", "remove", "remove", "extend", "sweep", "deploy"}[rng.IntN(9)]
		var kill time.Duration
		if rng.IntN(3) == 0 {
			kill = time.Duration(1 + rng.IntN(120_000_000))
		}
		all.Go(func() {
			code, text := d.run(a, kill)
			mu.Lock()
			defer mu.Unlock()
			f.count(a, code, text)
		})
	}
	all.Wait()
}

// Exit codes of a child.
const (
	codeFailed  = 1
	codeRefused = 3
	codeKilled  = -1
)

func (f *figures) count(a act, code int, text string) {
	f.acts++
	switch {
	case code == codeKilled:
		f.killed++
	case code == codeRefused:
		f.refused++
	case code != 0:
		f.failed++
		fmt.Fprintf(os.Stderr, "%s of %s failed: %s\n", a.Kind, a.Ref, text)
	case a.Kind == "create":
		f.created++
	case a.Kind == "remove":
		f.removed++
	case a.Kind == "sweep":
		f.swept++
	}
}

// run runs an act in a process of its own, and kills that after a while if it is to be
// killed.
func (d *world) run(a act, kill time.Duration) (code int, text string) {
	a.Place, a.Site, a.Builds = d.place, d.site, d.builds()
	document, err := json.Marshal(a)
	if err != nil {
		return codeFailed, err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(document))
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	if kill > 0 {
		time.AfterFunc(kill, cancel)
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		return 0, ""
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
