package state

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/bake/address"
)

// accepted is a folder with a bake of so many pages.
func accepted(t *testing.T, pages int) Folder {
	t.Helper()
	f, err := Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	b := &Bake{Head: Head{Origin: "https://cms", Mode: "first"}}
	for i := range pages {
		b.Pages = append(b.Pages, &Page{ID: int32(i), Address: address.Address(fmt.Sprintf("/%d/", i)), Step: Answered, Status: 200, Tags: []string{"a"}})
	}
	if err := f.Next(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Accept(); err != nil {
		t.Fatal(err)
	}
	return f
}

func last(t *testing.T, f Folder) *Bake {
	t.Helper()
	b, err := f.Last()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// later is a bake after one: some of its pages are known to be fresh, and a new one is.
func later(b *Bake, n int) (Head, []*Page) {
	pages := make([]*Page, len(b.Pages), len(b.Pages)+1)
	for i, p := range b.Pages {
		now := *p
		if i%50 == n%50 {
			now.Fresh, now.Tags = time.Unix(int64(1000+n), 0).UTC(), []string{"a", fmt.Sprint(n)}
		}
		pages[i] = &now
	}
	pages = append(pages, &Page{ID: int32(len(pages)), Address: address.Address(fmt.Sprintf("/new-%d/", n)), Step: Answered, Status: 404})
	head := b.Head
	head.Mode = fmt.Sprint("later ", n)
	return head, pages
}

func TestWhatIsAddedToABakeIsRead(t *testing.T) {
	f := accepted(t, 200)
	for n := range 5 {
		before := last(t, f)
		head, pages := later(before, n)
		if done, err := f.Extend(before, head, pages); !done || err != nil {
			t.Fatalf("bake %d was not added (%v)", n, err)
		}
		now := last(t, f)
		if diff := cmp.Diff(pages, now.Pages); diff != "" || now.Head.Mode != head.Mode {
			t.Fatalf("after %d: %q\n%s", n, now.Head.Mode, diff)
		}
	}
}

// A kill at any byte of it leaves the bake as it was, or as it is then; and the next one is
// added as if nothing had been.
func TestAKillWhileABakeIsAddedLosesNothing(t *testing.T) {
	f := accepted(t, 100)
	whole, err := os.ReadFile(f.at(lastName))
	if err != nil {
		t.Fatal(err)
	}
	before := last(t, f)
	head, pages := later(before, 1)
	if done, err := f.Extend(before, head, pages); !done || err != nil {
		t.Fatal(done, err)
	}
	added, err := os.ReadFile(f.at(lastName))
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole); cut < len(added); cut += 7 {
		if err := os.WriteFile(f.at(lastName), added[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		now := last(t, f)
		for i, p := range now.Pages {
			if i < len(before.Pages) && !p.same(before.Pages[i]) && !p.same(pages[i]) {
				t.Fatalf("cut at %d: page %d is %+v", cut, i, p)
			}
		}
		if now.Head.Mode != before.Head.Mode {
			t.Fatalf("cut at %d: the head is that of a bake whose end is missing", cut)
		}
		head, pages := later(before, 2)
		if done, err := f.Extend(now, head, pages); !done || err != nil {
			t.Fatal(done, err)
		}
		if diff := cmp.Diff(pages, last(t, f).Pages); diff != "" {
			t.Fatalf("cut at %d, and then added:\n%s", cut, diff)
		}
	}
}

func TestABakeIsWrittenAnewWhereMuchWasAdded(t *testing.T) {
	f := accepted(t, 100)
	b := last(t, f)
	for n := range 100 {
		head, pages := later(b, n)
		done, err := f.Extend(b, head, pages)
		if err != nil {
			t.Fatal(err)
		}
		if !done {
			if b.added < 15 || b.added > 35 {
				t.Errorf("after %d lines", b.added)
			}
			if diff := cmp.Diff(b, last(t, f), cmpopts.IgnoreUnexported(Bake{})); diff != "" {
				t.Errorf("it was changed all the same:\n%s", diff)
			}
			return
		}
		b = last(t, f)
	}
	t.Error("the file grows for ever")
}
