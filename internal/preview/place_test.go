package preview_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/test/filelock"
	"github.com/pressrun/pressrun/test/servers"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// build writes a site.
func build(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func site(title string) map[string]string {
	page := "<!doctype html><html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>"
	return map[string]string{"index.html": page, "about/index.html": page, "a.css": "h1{}", "robots.txt": "User-agent: *\n", "sitemap.xml": "<urlset/>"}
}

// where are the places that the tests are about: a folder, and a bucket of a real server.
func where(t *testing.T, test func(t *testing.T, place string, o destination.Options)) {
	t.Helper()
	t.Run("folder", func(t *testing.T) {
		test(t, "file://"+filepath.ToSlash(filepath.Join(t.TempDir(), "previews")), destination.Options{})
	})
	t.Run("bucket", func(t *testing.T) {
		gw := servers.StartVersityGW(t, "previews")
		test(t, "s3://previews/www", destination.Options{Endpoint: gw.Endpoint, Region: "us-east-1", AccessKey: gw.AccessKey, SecretKey: gw.SecretKey})
	})
}

func open(t *testing.T, address string, o destination.Options) *preview.Place {
	t.Helper()
	p, err := preview.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func create(t *testing.T, p *preview.Place, ref, dir string) preview.Created {
	t.Helper()
	made, err := p.Create(t.Context(), preview.Creation{Ask: preview.Ask{Ref: ref}, Dir: dir, Now: at(now)})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAPreviewIsMadeReplacedAndRemovedWhole(t *testing.T) {
	where(t, func(t *testing.T, address string, o destination.Options) {
		t.Helper()
		p := open(t, address, o)
		made := create(t, p, "feature/a", build(t, site("one")))
		if made.State != preview.Ready || made.Files != 4 { // the site's, without the sitemap
			t.Fatalf("made %+v", made)
		}
		again := create(t, p, "feature/a", build(t, site("one")))
		if again.Sent != 0 || again.Reused != 4 {
			t.Errorf("an unchanged branch sent %d files, and left %d as they were", again.Sent, again.Reused)
		}
		other := create(t, p, "feature-a", build(t, site("two")))
		if other.Name == made.Name {
			t.Fatalf("both branches are named %s", made.Name)
		}
		if err := p.Remove(t.Context(), preview.Target{Name: made.Name}, now); err != nil {
			t.Fatal(err)
		}
		if names, err := p.Names(t.Context()); err != nil || !slices.Equal(names, []string{other.Name}) {
			t.Errorf("at the place is %v, %v", names, err)
		}
		if err := p.Remove(t.Context(), preview.Target{Name: made.Name}, now); err != nil {
			t.Errorf("remove again: %v", err)
		}
		if _, err := p.Create(t.Context(), preview.Creation{Ask: preview.Ask{Ref: "other"}, Name: made.Name, Dir: build(t, site("x")), Now: at(now)}); err == nil {
			t.Error("an old link would show another branch")
		}
	})
}

func TestASweepLeavesNothing(t *testing.T) {
	where(t, func(t *testing.T, address string, o destination.Options) {
		t.Helper()
		p := open(t, address, o)
		create(t, p, "a", build(t, site("a")))
		// A build that was cut off: its record is there, and a part of its files.
		ctx, cancel := context.WithCancel(t.Context())
		cut := preview.Creation{Ask: preview.Ask{Ref: "b"}, Dir: build(t, site("b")), Now: func() time.Time { cancel(); return now }}
		if _, err := p.Create(ctx, cut); err == nil {
			t.Fatal("the build was not cut off")
		}
		dry, err := p.Sweep(t.Context(), true, now.Add(15*24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		swept, err := p.Sweep(t.Context(), false, now.Add(15*24*time.Hour))
		if err != nil || !slices.Equal(dry, swept) || len(swept) == 0 {
			t.Errorf("told %v, done %v, %v", dry, swept, err)
		}
		if names, err := p.Names(t.Context()); err != nil || len(names) > 0 {
			t.Errorf("left %v, %v", names, err)
		}
		if _, err := p.Sweep(t.Context(), false, now.Add(50*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if all, err := p.All(t.Context()); err != nil || len(all) > 0 {
			t.Errorf("remembered %v, %v", all, err)
		}
	})
}

// TestASweepLeavesAWriterItsFile: the sweep's clock may be far ahead of the disk's.
func TestASweepLeavesAWriterItsFile(t *testing.T) {
	address := "file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "previews"))
	p := open(t, address, destination.Options{})
	if err := p.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	dest, err := destination.Open(t.Context(), address, destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	swept := make(chan error, 1)
	put := store.SmallPut("previews/a.json", "", []byte("{}"), store.Condition{})
	put.Body = &slow{Body: put.Body, first: func() {
		go func() {
			_, err := p.Sweep(context.WithoutCancel(t.Context()), false, now.AddDate(1, 0, 0))
			swept <- err
		}()
		filelock.Awaited(t, func() bool { return len(swept) > 0 }) // it is to wait for the writer
	}}
	if _, err := dest.State.Put(t.Context(), put); err != nil {
		t.Errorf("a record that was written beside a sweep: %v", err)
	}
	if err := <-swept; err != nil {
		t.Errorf("the sweep beside it: %v", err)
	}
}

// slow is a body that does something before it is read.
type slow struct {
	store.Body
	first func()
}

func (s *slow) Read(into []byte) (int, error) {
	if s.first != nil {
		s.first()
		s.first = nil
	}
	return s.Body.Read(into)
}

func TestAPlaceHoldsNothingButPreviews(t *testing.T) {
	where(t, func(t *testing.T, address string, o destination.Options) {
		t.Helper()
		dest, err := destination.Open(t.Context(), address, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := publish.Run(t.Context(), publish.Plan{Site: "www", Destination: dest, Source: publish.Build{Dir: build(t, site("www"))}, Allow: guard.Names()}); err != nil {
			t.Fatal(err)
		}
		for _, place := range []string{address, address + "/below", address + "/far/below"} {
			_, err := open(t, place, o).Create(t.Context(), preview.Creation{Ask: preview.Ask{Ref: "a"}, Dir: build(t, site("a")), Now: at(now)})
			if conflict, is := errors.AsType[*preview.Conflict](err); !is {
				t.Errorf("previews at %s, where a site is: %v", place, conflict)
			}
		}
		if swept, err := open(t, address, o).Sweep(t.Context(), false, now); err != nil || len(swept) > 0 {
			t.Errorf("a sweep of a place that has no previews did %v, %v", swept, err)
		}
	})
}

func TestASecretInTheBuildIsNotShown(t *testing.T) {
	p := open(t, "file://"+filepath.ToSlash(filepath.Join(t.TempDir(), "previews")), destination.Options{})
	files := site("a")
	files["server.pem"] = "-----BEGIN PRIVATE KEY-----"
	_, err := p.Create(t.Context(), preview.Creation{Ask: preview.Ask{Ref: "a"}, Dir: build(t, files), Now: at(now)})
	if _, is := errors.AsType[*guard.Error](err); !is {
		t.Errorf("a secret in the build: %v", err)
	}
}

func TestEachPageSaysThatItIsAPreview(t *testing.T) {
	root := filepath.Join(t.TempDir(), "previews")
	p := open(t, "file://"+filepath.ToSlash(root), destination.Options{})
	made := create(t, p, "a", build(t, site("a")))
	folder, _ := p.Folder(made.Name)
	pages := 0
	err := filepath.WalkDir(folder+string(filepath.Separator), func(name string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".html") {
			return err
		}
		pages++
		text, err := os.ReadFile(name)
		if !strings.Contains(string(text), "noindex") || !strings.Contains(string(text), "Preview of a,") {
			t.Errorf("%s says nothing of being a preview: %s", name, text)
		}
		return err
	})
	if err != nil || pages != 2 {
		t.Errorf("looked at %d pages, %v", pages, err)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "robots.txt")); err != nil || strings.Contains(string(text), "Disallow") {
		t.Errorf("robots.txt: %s, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "sitemap.xml")); err == nil {
		t.Error("the sitemap of the public site is in the preview")
	}
}

// A preview that was made by hand may have a name that the app gave to one of its own.
func TestNothingIsDoneToThePreviewOfAnotherRef(t *testing.T) {
	where(t, func(t *testing.T, place string, o destination.Options) {
		t.Helper()
		p := open(t, place, o)
		made, err := p.Create(t.Context(), preview.Creation{Ask: preview.Ask{Ref: "feature/menu"}, Name: "menu", Dir: build(t, site("Menu")), Now: at(now)})
		if err != nil {
			t.Fatal(err)
		}
		other, own := preview.Target{Name: "menu", Ref: "pull/12"}, preview.Target{Name: "menu", Ref: "feature/menu"}
		if err := p.Remove(t.Context(), other, now); !errors.Is(err, preview.ErrNone) || !strings.Contains(err.Error(), `belongs to the preview of "feature/menu"`) {
			t.Errorf("removed as another one's: %v", err)
		}
		if _, err := p.Extend(t.Context(), other, time.Hour, nil, now); !errors.Is(err, preview.ErrNone) {
			t.Errorf("extended as another one's: %v", err)
		}
		if all, err := p.All(t.Context()); err != nil || len(all) != 1 || all[0] != made.Record {
			t.Errorf("left are %+v (%v), want %+v", all, err, made.Record)
		}
		if _, err := p.Extend(t.Context(), own, time.Hour, nil, now); err != nil {
			t.Error(err)
		}
		if err := p.Remove(t.Context(), own, now); err != nil {
			t.Error(err)
		}
		if err := p.Remove(t.Context(), other, now); !errors.Is(err, preview.ErrNone) {
			t.Errorf("removed as another one's when it is gone: %v", err)
		}
	})
}

// Whose a damaged record is cannot be read: only who means whatever has the name removes it.
func TestAPreviewWhoseRecordIsDamagedIsRemovedByItsNameAlone(t *testing.T) {
	place := "file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "previews"))
	p := open(t, place, destination.Options{})
	made := create(t, p, "feature", build(t, site("Old")))
	root, err := destination.Open(t.Context(), place, destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := root.State.Put(t.Context(), store.SmallPut("previews/"+made.Name+".json", manifest.StateHeaders, []byte("{"), store.Condition{})); err != nil {
		t.Fatal(err)
	}
	err = p.Remove(t.Context(), preview.Target{Name: made.Name, Ref: "feature"}, now)
	if err == nil || !strings.Contains(err.Error(), "pressrun preview remove "+made.Name) {
		t.Errorf("removed by a ref: %v, want how to remove it", err)
	}
	if names, err := p.Names(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("left are the files of %v (%v)", names, err)
	}
}

func TestAPreviewWhoseRecordIsDamagedIsRemovedWhole(t *testing.T) {
	where(t, func(t *testing.T, place string, o destination.Options) {
		t.Helper()
		p := open(t, place, o)
		made := create(t, p, "feature", build(t, site("Old")))
		root, err := destination.Open(t.Context(), place, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := root.State.Put(t.Context(), store.SmallPut("previews/"+made.Name+".json", manifest.StateHeaders, []byte("{"), store.Condition{})); err != nil {
			t.Fatal(err)
		}
		if _, err := p.All(t.Context()); err == nil || !strings.Contains(err.Error(), "pressrun preview remove "+made.Name) {
			t.Fatalf("a list with a damaged record: %v, want how to remove it", err)
		}
		if err := p.Remove(t.Context(), preview.Target{Name: made.Name}, now); err != nil {
			t.Fatal(err)
		}
		if all, err := p.All(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("left are the records %v (%v)", all, err)
		}
		if names, err := p.Names(t.Context()); err != nil || len(names) != 0 {
			t.Errorf("left are the files of %v (%v)", names, err)
		}
		create(t, p, "feature", build(t, site("New"))) // the name is free
	})
}

// Whoever removes a preview whose record is damaged may die before the record goes.
func TestARecordThatTellsNotWhoseTheNameIsGoesWithTheNextRemoval(t *testing.T) {
	where(t, func(t *testing.T, place string, o destination.Options) {
		t.Helper()
		p := open(t, place, o)
		root, err := destination.Open(t.Context(), place, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, state := range []preview.State{preview.Removing, preview.Removed} {
			made := create(t, p, "feature", build(t, site("Old")))
			left := []byte(`{"name":"` + made.Name + `","ref":"","state":"` + string(state) + `","updated":"2026-11-30T12:00:00Z"}`)
			if _, err := root.State.Put(t.Context(), store.SmallPut("previews/"+made.Name+".json", manifest.StateHeaders, left, store.Condition{})); err != nil {
				t.Fatal(err)
			}
			if err := p.Remove(t.Context(), preview.Target{Name: made.Name}, now); err != nil {
				t.Fatal(err)
			}
			if all, err := p.All(t.Context()); err != nil || len(all) != 0 {
				t.Errorf("%s: left are the records %v (%v)", state, all, err)
			}
		}
		create(t, p, "feature", build(t, site("New")))
	})
}
