package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/audit"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// skipping is a store that leaves keys out of its listing as MinIO does.
var skipping = fakes3.Lacks{StartAfter: true}

// manual is a site of more than a page of a listing, in many folders.
func manual() site {
	s := site{"index.html": "home"}
	for i := range 1100 {
		name := fmt.Sprintf("api/d%02d/f%03d.html", i/100, i%100)
		s[name] = "page " + name
	}
	return s
}

func audited(t *testing.T, dest store.Destination) audit.Audit {
	t.Helper()
	a, err := audit.Run(t.Context(), dest, "www")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// theirs fills the bucket with files of others, in folders between ours.
func theirs(t *testing.T, dest store.Destination) []string {
	t.Helper()
	var names []string
	for i := range 11 {
		name := fmt.Sprintf("api/d%02d/zz-theirs.txt", i)
		names = append(names, name)
		if _, err := dest.Site.Put(t.Context(), store.SmallPut(name, "content-type: text/plain\n", []byte("x"), store.Condition{})); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// A store that always did so is found out at the first release of more than a page; one
// that does so only later (another gateway, an upgrade) has been found to be right.
func TestAStoreThatSkipsKeysIsAuditedAndRepairedAsItIs(t *testing.T) {
	for name, from := range map[string]int{"from the start": 0, "later": 1} {
		t.Run(name, func(t *testing.T) {
			server := &fakes3.Server{PageSize: 1000}
			if from == 0 {
				server.Lacks = skipping
			}
			dest := fake(t, server)
			o := patient(t)
			r, err := engine.Run(t.Context(), dest, o)
			if err != nil {
				t.Fatal(err)
			}
			found := slices.Contains(r.MissingCapabilities, store.MissingListingInParts)
			said := strings.Contains(strings.Join(r.Warnings, "\n"), "leaves keys out")
			if want := from == 0; found != want || said != want {
				t.Errorf("found out %t, said %q", found, r.Warnings)
			}
			server.Lacks = skipping
			foreign := theirs(t, dest)
			if a := audited(t, dest); !a.Clean() || !slices.Equal(a.Foreign, foreign) {
				t.Errorf("missing %q, changed %q, %d of %d foreign files", a.Missing, a.Changed, len(a.Foreign), len(foreign))
			}
			o.Repair = true
			if r, err := engine.Run(t.Context(), dest, o); err != nil || r.Uploaded != 0 {
				t.Errorf("a repair of what is whole sent %d files, %v", r.Uploaded, err)
			}
			gone := []string{"api/d07/f000.html", "api/d07/f099.html", "index.html"}
			for _, err := range dest.Site.Delete(t.Context(), []store.Deletion{{Key: gone[0]}, {Key: gone[1]}, {Key: gone[2]}}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			if a := audited(t, dest); !slices.Equal(a.Missing, gone) || len(a.Changed) > 0 {
				t.Errorf("missing %q, changed %q", a.Missing, a.Changed)
			}
			if r, err := engine.Run(t.Context(), dest, o); err != nil || r.Uploaded != len(gone) || !audited(t, dest).Clean() {
				t.Errorf("the repair sent %d files, %v", r.Uploaded, err)
			}
		})
	}
}

// What hides one file alone from every listing is not known beforehand.
func TestAMissingFileIsLookedAtBeforeItIsSaid(t *testing.T) {
	server := &fakes3.Server{Lacks: skipping}
	dest := fake(t, server)
	hidden := hiding{dest.Site.(store.Versioner), "news/index.html"}
	o := options(small().write(t))
	o.LeaseTTL = time.Minute // many files, on a machine that may be busy
	if _, err := engine.Run(t.Context(), dest, o); err != nil {
		t.Fatal(err)
	}
	dest.Site = hidden
	if a := audited(t, dest); !a.Clean() {
		t.Errorf("missing %q, changed %q", a.Missing, a.Changed)
	}
	if _, err := dest.Site.Put(t.Context(), store.SmallPut(hidden.key, "", []byte("others"), store.Condition{})); err != nil {
		t.Fatal(err)
	}
	if a := audited(t, dest); !slices.Equal(a.Changed, []string{hidden.key}) || len(a.Missing) > 0 {
		t.Errorf("missing %q, changed %q", a.Missing, a.Changed)
	}
}

// hiding is a store whose listing never has one key.
type hiding struct {
	store.Versioner
	key string
}

func (h hiding) List(ctx context.Context, prefix string, f func(store.Info) error) error {
	return h.Versioner.List(ctx, prefix, func(i store.Info) error {
		if i.Key == h.key {
			return nil
		}
		return f(i)
	})
}

// patient is a deploy of many files, whose lease outlives a slow step of a busy
// machine.
func patient(t *testing.T) engine.Options {
	t.Helper()
	o := options(manual().write(t))
	o.LeaseTTL = time.Minute
	return o
}

func TestAFirstDeployIntoAStoreThatSkipsKeysKnowsAllFiles(t *testing.T) {
	server := &fakes3.Server{PageSize: 1000, Lacks: skipping}
	dest := fake(t, server)
	objects := map[string]fakes3.Object{}
	for name, body := range manual() {
		objects[name] = fakes3.Object{Body: []byte(body), ETag: md5Tag(body), CRC: crc64nvme.Checksum([]byte(body))}
	}
	server.Bucket("b", objects)
	r, err := engine.Run(t.Context(), dest, patient(t))
	if err != nil || r.Uploaded != 0 || !slices.Contains(r.MissingCapabilities, store.MissingListingInParts) {
		t.Fatalf("the same files: sent %d, lacks %q, %v", r.Uploaded, r.MissingCapabilities, err)
	}

	var others []string
	for i := range 11 {
		name := fmt.Sprintf("api/d%02d/f%03d.html", i, i%3)
		others = append(others, name)
		objects[name] = fakes3.Object{Body: []byte("somebody else's"), ETag: `"theirs"`}
	}
	server.Bucket("b", objects)
	_, err = engine.Run(t.Context(), dest, patient(t))
	g, ok := errors.AsType[*guard.Error](err)
	if !ok || !slices.Equal(g.Names(), []string{guard.ForeignFiles}) {
		t.Fatalf("over others' files: %v", err)
	}
	if diff := cmp.Diff(others, g.Violations[0].Paths); diff != "" {
		t.Errorf("named as others' (-want +got):\n%s", diff)
	}
}

// A store that is right is compared once, and is not said to lack anything.
func TestAListingIsCheckedOnceForADestination(t *testing.T) {
	server := &fakes3.Server{PageSize: 1000}
	dest := fake(t, server)
	o := patient(t)
	checks := func() int {
		t.Helper()
		r, err := engine.Run(t.Context(), dest, o)
		if err != nil || len(r.MissingCapabilities) > 0 || len(r.Warnings) > 0 {
			t.Fatal(r.MissingCapabilities, r.Warnings, err)
		}
		n := 0
		for _, p := range r.Phases {
			if p.Name == "check listing" {
				n++
			}
		}
		return n
	}
	if first, second := checks(), checks(); first != 1 || second != 0 {
		t.Errorf("%d checks at the first release, %d at the second", first, second)
	}
}
