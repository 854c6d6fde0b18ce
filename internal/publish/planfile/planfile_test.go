package planfile

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/plan"
)

var update = flag.Bool("update", false, "write the expected file anew")

// everything sets every field.
func everything() Plan {
	return Plan{
		Destination:   Destination{Address: "s3://www.example.org/docs", Site: "www", Endpoint: "https://s3.example.org", Region: "eu-west-1", State: "s3://state.example.org"},
		Build:         Build{Folder: "/srv/build", Release: 12, Commit: "0a1b2c3", Repair: true, Concurrency: 8, Rules: "rules.json"},
		CDN:           CDN{Address: "cloudfront:E1A2B3C4D5", Tags: true, CleanURLs: true, NotFoundCached: true},
		RedirectStore: "arn:aws:cloudfront::123456789012:key-value-store/a", PublicURL: "https://www.example.org",
		Allow: []string{"vanished-pages"}, Parent: 11, Digest: "d1ge57",
		Changes: []plan.Change{{Path: "a.html", Reason: plan.ReasonNew}, {Path: "old & gone.html", Reason: plan.ReasonGone}},
		Shards:  2, Manifest: []byte("manifest"), Summary: json.RawMessage(`{"release": 12}`),
	}
}

// golden is a file of this format. When it changes, Format does, but for a field
// that an older program may pass over.
const golden = "testdata/plan.json"

func TestAPlansFileIsAsItWas(t *testing.T) {
	got, err := everything().encode()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got; go test -update writes it anew)\n%s", diff)
	}
	name := filepath.Join(t.TempDir(), "plan.json")
	if err := Write(name, everything()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it is for its owner only: %v, %v", info.Mode(), err)
	}
	read, err := Read(name)
	if err != nil {
		t.Fatal(err)
	}
	plan := everything()
	plan.Summary, read.Summary = nil, nil // white space of its own
	if diff := cmp.Diff(plan, read); diff != "" {
		t.Errorf("read back (-want +got)\n%s", diff)
	}
}

func TestAFileThatIsNoPlanOfThisVersionIsRefused(t *testing.T) {
	good, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	with := func(from, to string) string {
		t.Helper()
		if !strings.Contains(string(good), from) {
			t.Fatalf("the file has no %s", from)
		}
		return strings.Replace(string(good), from, to, 1)
	}
	for name, c := range map[string]struct{ content, want string }{
		"nothing":           {"", "is no plan: "},
		"another file":      {`{"headers": []}`, "no plan that this version knows: it names no format"},
		"a list":            {`[1]`, "is no plan: "},
		"the first format":  {with(`"format": 2`, `"format": 1`), "is a plan of format 1, and this version reads format 2: make a new one with pressrun plan --out"},
		"a later format":    {with(`"format": 2`, `"format": 3`), "is a plan of format 3"},
		"a format in words": {with(`"format": 2`, `"format": "2"`), "is no plan: "},
		"an unknown field":  {with(`"parent": 11`, `"parent": 11, "only_if": "x"`), `unknown field "only_if"`},
		"cut off":           {string(good[:len(good)/2]), "is no plan: "},
		"two plans":         {string(good) + string(good), "is no plan: "},
		"no digest":         {with(`"digest": "d1ge57"`, `"digest": ""`), "is a plan without digest"},
		"no destination":    {with(`"address": "s3://www.example.org/docs"`, `"address": ""`), "is a plan without destination.address"},
		"no build":          {with(`"folder": "/srv/build"`, `"folder": ""`), "is a plan without build.folder"},
		"no manifest":       {with(`"manifest": "bWFuaWZlc3Q="`, `"manifest": ""`), "do not belong together"},
		"fewer than none":   {with(`"shards": 2`, `"shards": -2`), "do not belong together"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "plan.json")
			if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(file); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), file+" is ") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.json")); err == nil || !strings.HasPrefix(err.Error(), "read the plan: ") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// What is read is written as it was read.
func FuzzDecode(f *testing.F) {
	good, err := os.ReadFile(golden)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":2,"destination":{"address":"a"},"build":{"folder":"b"},"digest":"c","summary":[1, 2]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := decode(content)
		if err != nil {
			return
		}
		once, err := p.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(once)
		if err != nil {
			t.Fatalf("%v\n%s", err, once)
		}
		twice, err := again.encode()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(once), string(twice)); diff != "" {
			t.Fatal(diff)
		}
	})
}
