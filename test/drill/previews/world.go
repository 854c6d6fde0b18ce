//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/publish"
)

const (
	// draft stands in each page that was built with drafts.
	draft = "THE MAYOR RESIGNS"
	// public stands in each page of the public site, and in no preview's.
	public = "THE PUBLIC SITE"
	// pages is how many pages a build has.
	pages = 30
	// shortLease is how long a killed act blocks others, the least that there may be.
	shortLease = 3 * time.Second
)

// world is the folder that all happens in.
type world struct{ place, site, folder string }

func (d *world) builds() string { return filepath.Join(d.folder, "builds") }

// buildOf is the folder of a branch's build.
func (a act) buildOf() string {
	return filepath.Join(a.Builds, fmt.Sprintf("%s-%d-%t", preview.Name(a.Ref), a.Version, a.Drafts))
}

func (d *world) writeBuilds() error {
	var errs []error
	for version := range 4 {
		for _, ref := range refs {
			for _, drafts := range []bool{false, true} {
				text := "made of [" + ref + "]"
				if drafts {
					text += " " + draft
				}
				errs = append(errs, writeBuild(act{Ref: ref, Version: version, Drafts: drafts, Builds: d.builds()}.buildOf(), text, version))
			}
		}
		errs = append(errs, writeBuild(filepath.Join(d.builds(), fmt.Sprintf("public-%d", version)), public, version))
	}
	return errors.Join(errs...)
}

func writeBuild(dir, text string, version int) error {
	for n := range pages {
		folder := filepath.Join(dir, fmt.Sprintf("page-%d", n))
		if n == 0 {
			folder = dir
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		page := fmt.Sprintf("<!doctype html><html><head><title>%d</title></head><body><p>%s, version %d</p></body></html>", n, text, version*(n%3))
		if err := os.WriteFile(filepath.Join(folder, "index.html"), []byte(page), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// child carries out one act.
func child(text string) int {
	var a act
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return codeFailed
	}
	err := a.carryOut(context.Background())
	_, conflict := errors.AsType[*preview.Conflict](err)
	_, locked := errors.AsType[*manifest.LockedError](err)
	switch {
	case err == nil:
		return 0
	case conflict, locked, errors.Is(err, preview.ErrNone), errors.Is(err, manifest.ErrLeaseLost):
		return codeRefused
	}
	fmt.Fprintln(os.Stderr, err)
	return codeFailed
}

func (a act) carryOut(ctx context.Context) error {
	now := func() time.Time { return a.Now }
	if a.Kind == "deploy" {
		dest, err := destination.Open(ctx, a.Site, destination.Options{})
		if err != nil {
			return err
		}
		_, err = publish.Run(ctx, publish.Plan{
			Site: "www", Destination: dest, Allow: guard.Names(), LockWait: -1,
			Source: publish.Build{Dir: filepath.Join(a.Builds, fmt.Sprintf("public-%d", a.Version))},
		})
		return err
	}
	p, err := preview.Open(ctx, a.Place, destination.Options{})
	if err != nil {
		return err
	}
	p.Timeouts.Lease = shortLease
	switch a.Kind {
	case "create":
		content := preview.Last
		if a.Drafts {
			content = preview.Drafts
		}
		_, err = p.Create(ctx, preview.Creation{
			Ask: preview.Ask{Ref: a.Ref, Content: content}, Dir: a.buildOf(), Quota: preview.Quota{Count: 6}, Now: now,
		})
	case "remove":
		err = p.Remove(ctx, preview.Target{Name: preview.Name(a.Ref), Ref: a.Ref}, a.Now)
	case "extend":
		_, err = p.Extend(ctx, preview.Target{Name: preview.Name(a.Ref), Ref: a.Ref}, 20*24*time.Hour, nil, a.Now)
	case "sweep":
		_, err = p.Sweep(ctx, false, a.Now)
	}
	return err
}

// look holds what is there against what was promised.
func (d *world) look(f *figures, now time.Time) error {
	if err := eachPage(filepath.Join(d.folder, "www"), func(page []byte) {
		if !bytes.Contains(page, []byte(public)) || bytes.Contains(page, []byte("made of")) || bytes.Contains(page, []byte(draft)) {
			f.touched++
		}
	}); err != nil {
		return err
	}
	p, err := preview.Open(context.Background(), d.place, destination.Options{})
	if err != nil {
		return err
	}
	all, err := p.All(context.Background())
	if err != nil {
		return err
	}
	for _, r := range all {
		if due, _ := preview.Due(r, now); !r.Stands() || due != preview.Leave {
			continue
		}
		folder, _ := p.Folder(r.Name)
		if err := eachPage(folder, func(page []byte) {
			if bytes.Contains(page, []byte(draft)) && r.Content != preview.Drafts {
				f.leaked++
			}
			if !bytes.Contains(page, []byte("made of ["+r.Ref+"]")) || !bytes.Contains(page, []byte("noindex")) {
				f.strange++
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

func eachPage(folder string, f func(page []byte)) error {
	return filepath.WalkDir(folder+"/", func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !strings.HasSuffix(name, ".html") {
			return err
		}
		page, err := os.ReadFile(name)
		f(page)
		return err
	})
}

// end lets all time go by, and looks what is left.
func (d *world) end(f *figures, now time.Time) error {
	p, err := preview.Open(context.Background(), d.place, destination.Options{})
	if err != nil {
		return err
	}
	p.Timeouts.Lease = shortLease
	for _, at := range []time.Time{now, now.Add(100 * 24 * time.Hour)} {
		if _, err := p.Sweep(context.Background(), false, at); err != nil {
			return err
		}
	}
	for _, folder := range []string{"previews", "previews.pressrun/state/previews"} {
		left, err := os.ReadDir(filepath.Join(d.folder, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range left {
			fmt.Fprintln(os.Stderr, "left:", folder+"/"+e.Name())
		}
		f.leftovers += len(left)
	}
	return nil
}
