package engine_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// TestADamagedStateStopsADeployBeforeItsFirstWrite puts something else in the
// place of what a deploy remembers. Nothing is changed, the error names the object
// and the way out, and what was there put back, all goes on.
func TestADamagedStateStopsADeployBeforeItsFirstWrite(t *testing.T) {
	const m, plan = "releases/0000000001", "releases/0000000002.plan"
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	flip := func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 0x10; return b }
	newer := func(b []byte) []byte { b = bytes.Clone(b); b[4] = 99; return b }
	replace := func(old, by string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(by), 1) }
	}
	othersManifest := func([]byte) []byte { return encoded(t, &manifest.Manifest{Site: "blog", Sequence: 1}) }
	const repair = "restore it from a backup or an older version of the object, or delete "
	for _, c := range []struct {
		name, key string
		damage    func([]byte) []byte // nil deletes it
		want      []string
	}{
		{"an empty head", history.HeadKey, cut(0), []string{"/head: the destination's head is corrupt", repair}},
		{"a head cut off", history.HeadKey, cut(40), []string{"/head: the destination's head is corrupt", repair}},
		{"a sign-in page in its place", history.HeadKey, func([]byte) []byte { return []byte("<!doctype html><title>Sign in</title>") }, []string{"/head: a web page came in place of a store's answer", "check --endpoint"}},
		{"a head that is none", history.HeadKey, replace("{", "<"), []string{"/head: the destination's head is corrupt", repair}},
		{"a head that contradicts itself", history.HeadKey, replace(`"fence": 1`, `"fence": 0`), []string{"its numbers contradict each other", repair}},
		{"a newer head", history.HeadKey, replace(`"format": 1`, `"format": 7`), []string{"/head: the destination's head: format 7: written by a newer version of Pressrun: update this one"}},
		{"another site's head", history.HeadKey, replace(`"www"`, `"blog"`), []string{`the destination holds the site "blog", not "www": deploy to another bucket, prefix or folder`}},
		{"an empty manifest", m, cut(0), []string{m + ": decode manifest: corrupt: it is no manifest", repair}},
		{"a manifest that is none", m, replace("PRMF", "<htm"), []string{m + ": decode manifest: corrupt: it is no manifest", repair}},
		{"a manifest cut off", m, cut(30), []string{m + ": decode manifest: corrupt", repair}},
		{"a damaged manifest", m, flip, []string{m + ": decode manifest: corrupt", repair}},
		{"a newer manifest", m, newer, []string{m + ": decode manifest: format 99: written by a newer version of Pressrun: update this one"}},
		{"another site's manifest", m, othersManifest, []string{m + `: it is the manifest of the site "blog", not of "www"`}},
		{"another deploy's manifest", m, func([]byte) []byte { return encoded(t, &manifest.Manifest{Site: "www", Sequence: 7}) }, []string{m + ": corrupt: it is another deploy's manifest, " + history.ManifestKey(7), repair}},
		{"a plan in the manifest's place", m, func([]byte) []byte { return encoded(t, &manifest.Manifest{Site: "www", Sequence: 1, Delta: true}) }, []string{m + ": corrupt: it is another deploy's manifest", repair}},
		{"no manifest", m, nil, []string{"the manifest of the live release, ", m, "is missing", repair}},
		{"a damaged plan of a deploy that died", plan, func([]byte) []byte { return []byte("PRMF\x01") }, []string{plan + ": decode manifest: corrupt", repair}},
	} {
		t.Run(c.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p place) {
				t.Helper()
				mustRun(t, p, options(small().write(t)))
				if c.key == plan {
					failInTheMiddle(t, p)
				}
				before, good := p.read(t), state(t, p, c.key)
				if c.damage == nil {
					if err := p.dest.State.Delete(t.Context(), []store.Deletion{{Key: c.key}})[0]; err != nil {
						t.Fatal(err)
					}
				} else {
					write(t, p, c.key, c.damage(good))
				}
				head := state(t, p, history.HeadKey)
				next := small().with("news/index.html", "other news").write(t)
				_, err := engine.Run(t.Context(), p.dest, options(next))
				for _, want := range c.want {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Fatalf("%v\ndoes not say %q", err, want)
					}
				}
				if diff := cmp.Diff(before, p.read(t)); diff != "" {
					t.Errorf("the site was changed (-before +after):\n%s", diff)
				}
				if !bytes.Equal(head, state(t, p, history.HeadKey)) {
					t.Error("the head was changed")
				}
				write(t, p, c.key, good)
				mustRun(t, p, options(next))
			})
		})
	}
}

// TestAStateThatWasGivenUpIsStartedAnew follows the advice: the head deleted, the
// next deploy takes over what is there.
func TestAStateThatWasGivenUpIsStartedAnew(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		mustRun(t, p, options(small().write(t)))
		write(t, p, history.HeadKey, []byte("damaged"))
		if err := p.dest.State.Delete(t.Context(), []store.Deletion{{Key: history.HeadKey}})[0]; err != nil {
			t.Fatal(err)
		}
		r := mustRun(t, p, options(small().write(t)))
		if r.Uploaded != 0 {
			t.Errorf("%d files were sent again", r.Uploaded)
		}
		changed := small().with("news/index.html", "other news")
		mustRun(t, p, options(changed.write(t)))
		if diff := cmp.Diff(changed, p.read(t)); diff != "" {
			t.Error(diff)
		}
	})
}

// failInTheMiddle leaves a deploy's plan behind, in doubt.
func failInTheMiddle(t *testing.T, p place) {
	t.Helper()
	dir := small().with("assets/new-0a1b2c3d4e.css", "new{}").with("news/index.html", "newer").write(t)
	o := options(dir)
	o.Progress = func(e deploy.Event) {
		if e.Phase == rules.ClassAsset.String() {
			_ = os.Remove(filepath.Join(dir, "news", "index.html")) // told of more than once
		}
	}
	if r, err := engine.Run(t.Context(), p.dest, o); err == nil || r.Live {
		t.Fatalf("the deploy did not fail: %+v", r)
	}
}

func state(t *testing.T, p place, key string) []byte {
	t.Helper()
	o, err := p.dest.State.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return o.Body
}

func write(t *testing.T, p place, key string, body []byte) {
	t.Helper()
	if _, err := p.dest.State.Put(t.Context(), store.SmallPut(key, manifest.StateHeaders, body, store.Condition{})); err != nil {
		t.Fatal(err)
	}
}

func encoded(t *testing.T, m *manifest.Manifest) []byte {
	t.Helper()
	b, err := m.Encode()
	if err != nil {
		t.Error(err)
	}
	return b
}

// TestARollbackToContentThatSomebodyDamagedIsRefused before its first write.
func TestARollbackToContentThatSomebodyDamagedIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		mustRun(t, p, options(small().write(t)))
		next := small().with("news/index.html", "other news")
		mustRun(t, p, options(next.write(t)))
		sum := sha256.Sum256([]byte("news"))
		kept := content.KeptKey(p.dest.KeptPrefix, sum)
		for _, body := range []string{"evil", "longer, and evil"} {
			if _, err := p.dest.KeptStore().Put(t.Context(), store.SmallPut(kept, manifest.StateHeaders, []byte(body), store.Condition{})); err != nil {
				t.Fatal(err)
			}
			if _, err := engine.Rollback(t.Context(), p.dest, 1, options("")); err == nil || !strings.Contains(err.Error(), "the content of news/index.html is no longer kept") {
				t.Errorf("%q: %v", body, err)
			}
		}
		if diff := cmp.Diff(next, p.read(t)); diff != "" {
			t.Errorf("the site was changed (-before +after):\n%s", diff)
		}
	})
}
