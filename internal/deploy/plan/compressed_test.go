package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/links"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// built is a file as a build has it; gzipped the same as it is stored.
func built(path, content string) manifest.File {
	put := store.SmallPut(path, "", []byte(content), store.Condition{})
	return manifest.File{Path: path, Size: put.Size, Sum: put.Sum, CRC: put.CRC}
}

func gzipped(path, content, stored string) manifest.File {
	put := store.SmallPut(path, "", []byte(stored), store.Condition{})
	return built(path, content).Encoded(rules.EncodingGzip, put.Size, put.Sum, put.CRC)
}

func plain(string) (store.Headers, error) { return "content-type: text/html\n", nil }

const gzipHeaders store.Headers = "content-encoding: gzip\ncontent-type: text/html\n"

func TestAHeldFileIsKnownByWhatItWasBuiltFrom(t *testing.T) {
	old := gzipped("a.html", "long content", "old gz")
	held := manifest.Entry{Path: "a.html", Size: old.Size, Sum: old.Sum, CRC: old.CRC, Headers: gzipHeaders, Origin: old.Origin}
	left := built("a.html", "x").AsBuilt()
	for name, c := range map[string]struct {
		file     manifest.File
		held     manifest.Entry
		encoding string
		want     manifest.File
		known    bool
	}{
		"the same content, whatever the compressor makes of it now": {built("a.html", "long content"), held, rules.EncodingGzip, old, true},
		"other content":     {built("a.html", "long, and changed"), held, rules.EncodingGzip, built("a.html", "long, and changed"), false},
		"another encoding":  {built("a.html", "long content"), held, "br", built("a.html", "long content"), false},
		"never compressed":  {built("a.html", "x"), manifest.Entry{Path: "a.html", Sum: built("a.html", "x").Sum}, rules.EncodingGzip, built("a.html", "x"), false},
		"found not smaller": {built("a.html", "x"), manifest.Entry{Path: "a.html", Size: 1, Sum: left.Sum, Origin: left.Origin}, rules.EncodingGzip, left, true},
	} {
		got, known := c.file.StoredLike(c.held, c.encoding)
		if diff := cmp.Diff(c.want, got); known != c.known || diff != "" {
			t.Errorf("%s: known %v\n%s", name, known, diff)
		}
	}
}

func TestWhatIsCompressedIsPlannedAsItIsStored(t *testing.T) {
	now := gzipped("a.html", "long content", "gz")
	entry := manifest.Entry{Path: "a.html", Size: now.Size, Sum: now.Sum, CRC: now.CRC, Headers: gzipHeaders, Origin: now.Origin, ETag: "1"}
	for name, c := range map[string]struct {
		file    manifest.File
		live    []manifest.Entry
		seen    map[string]Observed
		want    Counts
		foreign bool
	}{
		"nothing there": {file: now, want: Counts{New: 1}},
		"the same":      {file: now, live: []manifest.Entry{entry}, want: Counts{Unchanged: 1}},
		"plain before":  {file: now, live: []manifest.Entry{{Path: "a.html", Sum: now.Origin.Sum, ETag: "1"}}, want: Counts{Content: 1}},
		"plain again":   {file: built("a.html", "long content"), live: []manifest.Entry{entry}, want: Counts{Content: 1}},
		"a stranger's copy of the built file": {
			file: now, seen: map[string]Observed{"a.html": {Exists: true, Info: store.Info{Size: now.Origin.Size, CRC: now.OriginCRC, HasCRC: true, ETag: "9"}}},
			want: Counts{Content: 1},
		},
		"a stranger's copy of the compressed file": {
			file: now, seen: map[string]Observed{"a.html": {Exists: true, Info: store.Info{Size: now.Size, CRC: now.CRC, HasCRC: true, ETag: "9", Headers: gzipHeaders}}},
			want: Counts{Unchanged: 1},
		},
		"a stranger's file of the same size": {
			file: now, seen: map[string]Observed{"a.html": {Exists: true, Info: store.Info{Size: now.Origin.Size, CRC: 1, HasCRC: true, ETag: "9"}}},
			want: Counts{Content: 1}, foreign: true,
		},
	} {
		in := Input{
			Tree: manifest.Tree{Files: []manifest.File{c.file}}, Base: Known{Live: manifest.Manifest{Sequence: 1, Entries: c.live}, Swept: true}, Seen: c.seen,
			Headers: plain, Next: manifest.Manifest{Sequence: 2},
		}
		p, err := New(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, p.Counts()); diff != "" || (len(p.Foreign) > 0) != c.foreign {
			t.Errorf("%s: foreign %q\n%s", name, p.Foreign, diff)
		}
		e := p.Next.Entries[0]
		if wantHeaders := map[string]store.Headers{"gzip": gzipHeaders, "": "content-type: text/html\n"}[c.file.Encoding]; e.Headers != wantHeaders || e.Sum != c.file.Sum || e.Origin != c.file.Origin {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestGuardsJudgeFilesAsTheyWereBuilt(t *testing.T) {
	var now, before manifest.Tree
	live := &manifest.Manifest{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "index"} {
		f := gzipped(name+".html", "content of some length, "+name, "gz"+name)
		before.Files = append(before.Files, built(f.Path, "content of some length, "+name))
		live.Entries = append(live.Entries, manifest.Entry{Path: f.Path, Size: f.Size, Sum: f.Sum, Origin: f.Origin})
		now.Files = append(now.Files, f)
	}
	// Compressed to a fraction, or plain again: no page shrank, none changed.
	for _, tree := range []manifest.Tree{now, before} {
		if got := guard.Check(tree, live, guard.Limits{}); len(got) != 0 {
			t.Errorf("%+v", got)
		}
		if got := links.ChangedPages(tree, live); len(got) != 0 {
			t.Errorf("changed: %+v", got)
		}
	}
	shrunk := manifest.Tree{Files: slices.Clone(now.Files)}
	for i := range shrunk.Files {
		shrunk.Files[i] = built(shrunk.Files[i].Path, "gone")
	}
	if got := guard.Check(shrunk, live, guard.Limits{}); len(got) != 1 || got[0].Name != guard.ShrunkPages {
		t.Errorf("pages that did shrink: %+v", got)
	}
}
