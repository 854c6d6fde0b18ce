//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// evidenceVariable tells the build where to leave its evidence.
	evidenceVariable = "DRILL_EVIDENCE"
	evidenceFile     = "evidence.log"
)

// build is the site's build: it leaves evidence of itself outside of all that
// the server keeps, and a page that names its release.
func build() int {
	if err := leaveEvidence(os.Getenv(evidenceVariable), os.Getenv("PRESSRUN_RELEASE")); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		return 1
	}
	return 0
}

func leaveEvidence(path, release string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the evidence: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	note := func(what string) error {
		_, err := fmt.Fprintf(f, "%s %s %s\n", what, release, os.Getenv("PRESSRUN_RUN_ID"))
		return err
	}
	// The lock is given back by the system however this process ends: who does
	// not get it has found two builds at once.
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the lock: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(note("overlap"), errors.New("another build is under way"))
	}
	if err := note("start"); err != nil {
		return fmt.Errorf("leave evidence: %w", err)
	}
	time.Sleep(100 * time.Millisecond) // something that can be interrupted
	if err := os.MkdirAll("public", 0o755); err != nil {
		return fmt.Errorf("make the site: %w", err)
	}
	page := "<!doctype html><title>Drill</title><p>Release " + release + "\n"
	if err := os.WriteFile(filepath.Join("public", "index.html"), []byte(page), 0o644); err != nil {
		return fmt.Errorf("make the site: %w", err)
	}
	return note("end")
}

// checkEvidence reads what the builds left: no release was built by two runs,
// and no two builds at the same time.
func checkEvidence(dir string, f *figures) (err error) {
	file, err := os.Open(filepath.Join(dir, evidenceFile))
	if err != nil {
		return fmt.Errorf("read the evidence: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	runs := map[string]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		what, rest, _ := strings.Cut(lines.Text(), " ")
		release, run, ok := strings.Cut(rest, " ")
		if !ok {
			return fmt.Errorf("the evidence holds %q", lines.Text())
		}
		switch what {
		case "overlap":
			f.tell("release #%s was built while another build was under way", release)
			f.double++
		case "start":
			f.builds++
			if before, ok := runs[release]; ok {
				f.tell("release #%s was built by %s and by %s", release, before, run)
				f.double++
			}
			runs[release] = run
		}
	}
	return lines.Err()
}
