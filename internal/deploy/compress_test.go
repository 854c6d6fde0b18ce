package deploy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// built is a file as a build has it; gzipped the same as it is stored.
func built(path, content string) File {
	put := SmallPut(path, "", []byte(content), Condition{})
	return File{Path: path, Size: put.Size, Sum: put.Sum, CRC: put.CRC}
}

func gzipped(path, content, stored string) File {
	put := SmallPut(path, "", []byte(stored), Condition{})
	return built(path, content).Encoded(EncodingGzip, put.Size, put.Sum, put.CRC)
}

func plain(string) (Headers, error) { return "content-type: text/html\n", nil }

const gzipHeaders Headers = "content-encoding: gzip\ncontent-type: text/html\n"

func TestAHeldFileIsKnownByWhatItWasBuiltFrom(t *testing.T) {
	old := gzipped("a.html", "long content", "old gz")
	held := Entry{Path: "a.html", Size: old.Size, Sum: old.Sum, CRC: old.CRC, Headers: gzipHeaders, Origin: old.Origin}
	left := built("a.html", "x").AsBuilt()
	for name, c := range map[string]struct {
		file     File
		held     Entry
		encoding string
		want     File
		known    bool
	}{
		"the same content, whatever the compressor makes of it now": {built("a.html", "long content"), held, EncodingGzip, old, true},
		"other content":     {built("a.html", "long, and changed"), held, EncodingGzip, built("a.html", "long, and changed"), false},
		"another encoding":  {built("a.html", "long content"), held, "br", built("a.html", "long content"), false},
		"never compressed":  {built("a.html", "x"), Entry{Path: "a.html", Sum: built("a.html", "x").Sum}, EncodingGzip, built("a.html", "x"), false},
		"found not smaller": {built("a.html", "x"), Entry{Path: "a.html", Size: 1, Sum: left.Sum, Origin: left.Origin}, EncodingGzip, left, true},
	} {
		got, known := c.file.As(c.held, c.encoding)
		if diff := cmp.Diff(c.want, got); known != c.known || diff != "" {
			t.Errorf("%s: known %v\n%s", name, known, diff)
		}
	}
}

func TestWhatIsCompressedIsPlannedAsItIsStored(t *testing.T) {
	now := gzipped("a.html", "long content", "gz")
	entry := Entry{Path: "a.html", Size: now.Size, Sum: now.Sum, CRC: now.CRC, Headers: gzipHeaders, Origin: now.Origin, ETag: "1"}
	for name, c := range map[string]struct {
		file    File
		live    []Entry
		seen    map[string]Seen
		want    Counts
		foreign bool
	}{
		"nothing there": {file: now, want: Counts{New: 1}},
		"the same":      {file: now, live: []Entry{entry}, want: Counts{Unchanged: 1}},
		"plain before":  {file: now, live: []Entry{{Path: "a.html", Sum: now.Origin.Sum, ETag: "1"}}, want: Counts{Content: 1}},
		"plain again":   {file: built("a.html", "long content"), live: []Entry{entry}, want: Counts{Content: 1}},
		"a stranger's copy of the built file": {
			file: now, seen: map[string]Seen{"a.html": {Exists: true, Info: Info{Size: now.Origin.Size, CRC: now.OriginCRC, HasCRC: true, ETag: "9"}}},
			want: Counts{Content: 1},
		},
		"a stranger's copy of the compressed file": {
			file: now, seen: map[string]Seen{"a.html": {Exists: true, Info: Info{Size: now.Size, CRC: now.CRC, HasCRC: true, ETag: "9", Headers: gzipHeaders}}},
			want: Counts{Unchanged: 1},
		},
		"a stranger's file of the same size": {
			file: now, seen: map[string]Seen{"a.html": {Exists: true, Info: Info{Size: now.Origin.Size, CRC: 1, HasCRC: true, ETag: "9"}}},
			want: Counts{Content: 1}, foreign: true,
		},
	} {
		in := PlanInput{
			Tree: Tree{Files: []File{c.file}}, Base: Base{Live: Manifest{Sequence: 1, Entries: c.live}, Swept: true}, Seen: c.seen,
			Headers: plain, Next: Manifest{Sequence: 2},
		}
		p, err := NewPlan(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, p.Counts()); diff != "" || (len(p.Foreign) > 0) != c.foreign {
			t.Errorf("%s: foreign %q\n%s", name, p.Foreign, diff)
		}
		e := p.Next.Entries[0]
		if wantHeaders := map[string]Headers{"gzip": gzipHeaders, "": "content-type: text/html\n"}[c.file.Encoding]; e.Headers != wantHeaders || e.Sum != c.file.Sum || e.Origin != c.file.Origin {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestGuardsJudgeFilesAsTheyWereBuilt(t *testing.T) {
	var now, before Tree
	live := &Manifest{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "index"} {
		f := gzipped(name+".html", "content of some length, "+name, "gz"+name)
		before.Files = append(before.Files, built(f.Path, "content of some length, "+name))
		live.Entries = append(live.Entries, Entry{Path: f.Path, Size: f.Size, Sum: f.Sum, Origin: f.Origin})
		now.Files = append(now.Files, f)
	}
	// Compressed to a fraction, or plain again: no page shrank, none changed.
	for _, tree := range []Tree{now, before} {
		if got := Check(tree, live, Limits{}); len(got) != 0 {
			t.Errorf("%+v", got)
		}
		if got := ChangedPages(tree, live); len(got) != 0 {
			t.Errorf("changed: %+v", got)
		}
	}
	shrunk := Tree{Files: slices.Clone(now.Files)}
	for i := range shrunk.Files {
		shrunk.Files[i] = built(shrunk.Files[i].Path, "gone")
	}
	if got := Check(shrunk, live, Limits{}); len(got) != 1 || got[0].Name != GuardShrunkPages {
		t.Errorf("pages that did shrink: %+v", got)
	}
}
