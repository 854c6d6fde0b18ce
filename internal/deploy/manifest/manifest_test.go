package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

func drawPath() *rapid.Generator[string] {
	return rapid.StringMatching(`([a-c]{1,2}/){0,2}(index\.html|[a-cé #?%"]{1,3}\.(html|css|js|pdf))`)
}

func drawEntry(t *rapid.T, path string) Entry {
	e := Entry{
		Path: path, Size: rapid.Int64Range(0, 1<<40).Draw(t, "size"), CRC: rapid.Uint64().Draw(t, "crc"),
		Headers: store.Headers(rapid.SampledFrom([]string{"", "content-type: a\n", "cache-control: b\ncontent-type: a\n"}).Draw(t, "headers")),
		ETag:    rapid.StringMatching(`("[0-9a-f]{4}")?`).Draw(t, "etag"),
	}
	copy(e.Sum[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "sum"))
	e.Version = rapid.StringMatching(`([0-9a-z]{1,4})?`).Draw(t, "version")
	if rapid.Bool().Draw(t, "compressed") {
		e.Origin.Size = rapid.Int64Range(0, 1<<40).Draw(t, "built size")
		copy(e.Origin.Sum[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "built sum"))
	}
	return e
}

func drawManifest(t *rapid.T) *Manifest {
	m := &Manifest{
		Site: rapid.String().Draw(t, "site"), Sequence: rapid.Int64Range(0, 1<<50).Draw(t, "sequence"), Release: 7, Commit: "c",
		Parent: 3, At: time.Unix(rapid.Int64Range(1, 1<<33).Draw(t, "at"), 0).UTC(), Delta: rapid.Bool().Draw(t, "delta"),
	}
	for _, p := range rapid.SliceOfDistinct(drawPath(), rapid.ID).Draw(t, "paths") {
		m.Entries = append(m.Entries, drawEntry(t, p))
	}
	SortEntries(m.Entries)
	for _, e := range m.Entries {
		if rapid.Bool().Draw(t, "retired") {
			m.Retired = append(m.Retired, Retired{Entry: e, Sequence: 2, At: m.At, Doomed: rapid.Bool().Draw(t, "doomed")})
		}
	}
	return m
}

func TestAManifestReadsAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawManifest(t)
		if strings.ToValidUTF8(m.Site, "") != m.Site {
			t.Skip("JSON keeps no invalid UTF-8")
		}
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTheSumsOfAManifestAreThoseOfItsLiveFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawManifest(t)
		m.Site = "www"
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var want, got []store.Sum
		for _, e := range m.Entries {
			want = append(want, e.Sum)
		}
		site, err := DecodeSums(data, func(s store.Sum) { got = append(got, s) })
		if diff := cmp.Diff(want, got); err != nil || site != "www" || diff != "" {
			t.Fatalf("site %q, %v\n%s", site, err, diff)
		}
	})
}

// What no deploy could read again must not be written: the next one would find the
// destination's state damaged.
func TestAManifestThatIsTooLargeToReadIsNotWritten(t *testing.T) {
	tag := strings.Repeat("x", 1<<20)
	m := &Manifest{Site: "www"}
	for i := range maxManifest>>20 + 1 {
		m.Entries = append(m.Entries, Entry{Path: fmt.Sprintf("%09d", i), ETag: tag})
	}
	if _, err := m.Encode(); err == nil || !strings.Contains(err.Error(), "513 files") {
		t.Errorf("got %v", err)
	}
}

func TestADamagedManifestIsRefused(t *testing.T) {
	m := &Manifest{Site: "www", Sequence: 4, Entries: []Entry{{Path: "a.html", Size: 3, ETag: "x"}, {Path: "b.html"}}}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := append([]byte(nil), data...)
		bad[i] ^= 0x41
		// A byte of the compressor's own framing may not matter to the content.
		if got, err := Decode(bad); err == nil && !cmp.Equal(m, got, cmpopts.EquateEmpty()) {
			t.Errorf("byte %d changed, and a different manifest was read", i)
		}
		if _, err := Decode(data[:i]); err == nil {
			t.Errorf("cut at byte %d, and the manifest was read all the same", i)
		}
	}
	newer := append([]byte(nil), data...)
	newer[len(manifestMagic)] = formatColumns + 1
	if _, err := Decode(newer); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("a newer format: %v", err)
	}
}

func TestAManifestIsAsOldAsItsContent(t *testing.T) {
	plain := Entry{Path: "a.html", Size: 3}
	compressed, versioned := plain, plain
	compressed.Origin.Size, versioned.Version = 9, "v1"
	for _, c := range []struct {
		entry  Entry
		format byte
	}{{plain, formatPlain}, {compressed, formatColumns}, {versioned, formatColumns}} {
		data, err := (&Manifest{Entries: []Entry{c.entry}}).Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got := data[len(manifestMagic)]; got != c.format {
			t.Errorf("%+v: format %d, want %d", c.entry, got, c.format)
		}
	}
}

func TestAColumnThatIsNotKnownIsOfANewerVersion(t *testing.T) {
	for _, c := range []struct {
		names []string
		block string
		want  error
	}{
		{[]string{"from-tomorrow"}, "\x00", ErrNewerFormat},
		{[]string{"version"}, "\x01\x01\x01x", nil},
		{[]string{"version"}, "\x01\x00\x01x!", nil},
		{[]string{"version"}, "\x02\x00\x01x", nil},
		{[]string{"version", "version"}, "\x00", nil},
	} {
		w := &encoder{}
		for range c.names {
			w.bytes(c.block)
		}
		r := &decoder{buf: w.buf}
		r.columns(&Manifest{Entries: []Entry{{Path: "a"}}}, c.names)
		if r.err == nil || (c.want != nil && !errors.Is(r.err, c.want)) {
			t.Errorf("%q %q: %v", c.names, c.block, r.err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	m := &Manifest{
		Site: "www", Sequence: 4, Entries: []Entry{{Path: "a.html", Size: 3, ETag: "x", Headers: "a: b\n", Origin: Origin{Size: 4}}},
		Retired: []Retired{{Entry: Entry{Path: "z.css"}, Sequence: 3, Doomed: true}},
	}
	data, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(manifestMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		if err != nil {
			return
		}
		n := 0
		if _, err := DecodeSums(data, func(store.Sum) { n++ }); err != nil || n != len(m.Entries) {
			t.Fatalf("%d sums of %d files: %v", n, len(m.Entries), err)
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(again); err != nil {
			t.Fatalf("read once, written, and not read again: %v", err)
		}
	})
}

// FuzzDecodeBody feeds the part that zstd's checksum else keeps away.
func FuzzDecodeBody(f *testing.F) {
	f.Add([]byte("\x02{}\x00\x01\x00\x00\x01a"))
	f.Add([]byte("\x1d{\"columns\":[\"version\",\"x\"]}\x00\x00\x00\x01\x00"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		(&decoder{buf: data}).sums(func(store.Sum) {})
		r := &decoder{buf: data}
		r.manifest()
	})
}

func FuzzParseHead(f *testing.F) {
	f.Add([]byte(`{"format":1,"site":"www","fence":3,"live":{"sequence":3}}`), "www")
	f.Fuzz(func(t *testing.T, data []byte, site string) {
		h, err := ParseHead(data, site)
		if err != nil {
			return
		}
		if _, err := h.Acquire("me", site, 0, time.Minute); err == nil && h.Fence < 0 {
			t.Fatal("a negative fence was accepted")
		}
	})
}
