package config_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/config"
)

// mainText is the least of a folder's main file.
const mainText = `tokens:
  - {name: ada, role: operator, sha256: ` + hash + `}
`

// aSite is the least of a site's own file.
const aSite = `runner: local
source: {folder: frontend}
build: {output: public}
deploy: {to: 'live/%s'}
`

func siteText(name string) string { return fmt.Sprintf(aSite, name) }

// folderOf writes the files of a configuration. The main file is there unless files say
// otherwise.
func folderOf(t testing.TB, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	fill(t, folder, files)
	return folder
}

func fill(t testing.TB, folder string, files map[string]string) {
	t.Helper()
	if _, ok := files["pressrun.yaml"]; !ok {
		files["pressrun.yaml"] = mainText
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func opened(t testing.TB, folder string) *config.Loaded {
	t.Helper()
	l, err := config.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func brokenNames(l *config.Loaded) []string {
	names := []string{}
	for _, b := range l.Broken {
		names = append(names, b.Name)
	}
	return names
}

func TestAFolderHasAFileForEachSite(t *testing.T) {
	folder := folderOf(t, map[string]string{
		"pressrun.yaml":           mainText + "sites:\n  main:\n    " + strings.ReplaceAll(siteText("main"), "\n", "\n    "),
		"sites/www.yaml":          siteText("www"),
		"sites/agency/shop.yml":   siteText("shop"),
		"sites/several.yaml":      "sites:\n  one: &one\n    " + strings.ReplaceAll(siteText("one"), "\n", "\n    ") + "\n  two: {<<: *one, deploy: {to: live/two}}\n",
		"sites/.hidden/copy.yaml": "no: site",
		"sites/README.md":         "no YAML",
		"sites/old.yaml.off":      "no: site",
	})
	l := opened(t, folder)
	if names := slices.Sorted(maps.Keys(l.Sites)); !slices.Equal(names, []string{"main", "one", "shop", "two", "www"}) || len(l.Broken) > 0 {
		t.Fatalf("%q, and broken are %+v", names, l.Broken)
	}
	if to := l.Sites["www"].Deploy.To; to != "file://"+folder+"/live/www" {
		t.Errorf("a path of a site's file leads to %s: it counts from the folder of the main file", to)
	}
	if s := l.Sites["two"]; s.Deploy.To != "file://"+folder+"/live/two" || s.Build.Output != "public" {
		t.Errorf("what one site has of another in a file: %+v", s)
	}
}

func TestSitesInheritFromTheirGroup(t *testing.T) {
	folder := folderOf(t, map[string]string{
		"pressrun.yaml": mainText + "groups:\n  south: {time_zone: America/Lima, quiet: 7s}\n",
		"groups/north.yaml": `runner: local
time_zone: Europe/Oslo
url: https://{site}.north.example
source: {folder: "frontends/{site}"}
build: {command: 'make SITE={site} NAME=${site}', output: public, env: {A: a, B: b}}
deploy: {to: 'live/{site}'}
retry: [1m, 2m]
schedules: [{name: hourly, cron: "0 * * * *", spread: 5m}]
`,
		"sites/a.yaml": "group: north\n",
		"sites/b.yaml": "group: north\nquiet: 3s\nbuild: {output: dist, env: {B: own}}\nretry: []\nschedules: [{name: nightly, every: 1h}]\n",
		"sites/c.yaml": "group: south\n" + siteText("c"),
	})
	l := opened(t, folder)
	if len(l.Broken) > 0 {
		t.Fatalf("broken: %+v", l.Broken)
	}
	a, b, c := l.Sites["a"], l.Sites["b"], l.Sites["c"]
	got := []any{
		a.Group, a.URL, a.TimeZone, a.Source.Folder, a.Deploy.To, a.Build.Command, a.Build.Output, len(a.Retry), a.Schedules[0].Name,
		b.URL, b.Build.Command, b.Build.Output, b.Build.Env["A"] + b.Build.Env["B"], len(b.Retry), b.Schedules[0].Name + b.Schedules[0].Cron, b.Quiet.Std(),
		c.TimeZone, c.Quiet.Std(),
	}
	want := []any{
		"north", "https://a.north.example", "Europe/Oslo", folder + "/frontends/a", "file://" + folder + "/live/a", "make SITE=a NAME=${site}", "public", 2, "hourly",
		"https://b.north.example", "make SITE=b NAME=${site}", "dist", "aown", 0, "nightly", 3 * time.Second,
		"America/Lima", 7 * time.Second,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if l.Groups != nil {
		t.Error("the groups are still there, and would count as a change of all sites")
	}
}

// A configuration of one file has groups too, before or after its sites.
func TestAFileMayHaveGroups(t *testing.T) {
	c := mustParse(t, small[:strings.Index(small, "sites:")]+`sites:
  www: {group: all, deploy: {to: live}}
groups:
  all: {runner: local, source: {folder: frontend}, build: {output: public}, deploy: {verify_pages: 3}}
`)
	if s := c.Sites["www"]; *s.Deploy.VerifyPages != 3 || s.Deploy.To != "file:///etc/pressrun/live" {
		t.Errorf("%+v", s.Deploy)
	}
}

// Each file has a mistake of another kind, which makes no other site suffer.
func TestASiteWithMistakesIsLeftOutAndTheOthersAreThere(t *testing.T) {
	folder := folderOf(t, map[string]string{
		"sites/good.yaml":      siteText("good"),
		"sites/yaml.yaml":      "runner: [local\n",
		"sites/empty.yaml":     "",
		"sites/unknown.yaml":   siteText("unknown") + "colour: red\n",
		"sites/value.yaml":     siteText("value") + "quiet: soon\n",
		"sites/missing.yaml":   "source: {folder: frontend}\n",
		"sites/twice.yaml":     siteText("twice"),
		"sites/also.yaml":      "sites:\n  twice:\n    " + strings.ReplaceAll(siteText("twice2"), "\n", "\n    ") + "\n",
		"sites/Bad_Name.yaml":  siteText("bad"),
		"sites/taken.yaml":     siteText("good"),
		"sites/nogroup.yaml":   siteText("nogroup") + "group: nowhere\n",
		"sites/ofbroken.yaml":  siteText("ofbroken") + "group: wrong\n",
		"sites/stray.yaml":     "sites: {}\nquiet: 5s\n",
		"sites/secret.yaml":    siteText("secret") + "hooks: [{name: cms, dialect: drupal, secret_file: none.secret}]\n",
		"groups/wrong.yaml":    "quiet: soon\n",
		"groups/good.yaml":     "quiet: 5s\n",
		"sites/ingood.yaml":    siteText("ingood") + "group: good\n",
		"sites/unreadable.yml": siteText("unreadable"),
	})
	if err := os.Remove(filepath.Join(folder, "sites/unreadable.yml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere.yml", filepath.Join(folder, "sites/unreadable.yml")); err != nil {
		t.Fatal(err)
	}
	l := opened(t, folder)
	want := []string{"Bad_Name", "empty", "missing", "nogroup", "ofbroken", "secret", "stray", "taken", "twice", "unknown", "unreadable", "value", "yaml"}
	if diff := cmp.Diff(want, brokenNames(l)); diff != "" {
		t.Errorf("left out (-want +got)\n%s", diff)
	}
	if names := slices.Sorted(maps.Keys(l.Sites)); !slices.Equal(names, []string{"good", "ingood"}) {
		t.Errorf("the others are %q", names)
	}
	words := map[string]string{
		"yaml": "yaml.yaml:1:", "unknown": `unknown.yaml:5:1: sites.unknown.colour: unknown key`, "value": `value.yaml:5:8: sites.value.quiet: "soon" is not a span`,
		"missing": "missing.yaml:1:1: sites.missing.runner: is missing; expected local or github", "ofbroken": `groups/wrong.yaml:1:8: groups.wrong.quiet: "soon"`,
		"nogroup": `there is no group "nowhere"; expected one of good, wrong`, "secret": "none.secret", "stray": "stray.yaml:2:1: quiet: unknown key",
		"taken": "the site good goes there too", "unreadable": "unreadable.yml:1:1: sites.unreadable: can't be read",
	}
	for _, b := range l.Broken {
		if !strings.Contains(b.Why(), words[b.Name]) {
			t.Errorf("of %s it is said: %s", b.Name, b.Why())
		}
		if b.Name == "twice" {
			both := fmt.Sprint(b.Problems)
			if len(b.Problems) != 2 || !strings.Contains(both, "is in "+filepath.Join(folder, "sites/twice.yaml")+" too") || !strings.Contains(both, "is in "+filepath.Join(folder, "sites/also.yaml")+" too") {
				t.Errorf("a site in two files: %s", both)
			}
		}
	}
	if _, err := config.Examine(folder); err == nil || !strings.Contains(err.Error(), "colour") || !strings.Contains(err.Error(), "wrong.yaml") {
		t.Errorf("config check says: %v", err)
	}
}

func TestAMainFileWithMistakesIsRefused(t *testing.T) {
	for text, why := range map[string]string{
		mainText + "lissen: x\n": "unknown key",
		"pages: [":               "this is not YAML",
		mainText + "listen: x\n": "is no address to listen on",
		strings.Replace(mainText, "role: operator", "role: cms, sites: [nowhere]", 1): `there is no site "nowhere"`,
	} {
		_, err := config.Open(folderOf(t, map[string]string{"pressrun.yaml": text, "sites/www.yaml": siteText("www")}))
		if _, ok := errors.AsType[*config.Error](err); !ok || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "pressrun.yaml:") {
			t.Errorf("of %q it is said: %v", text, err)
		}
	}
	if _, err := config.Open(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a folder without a main file: %v", err)
	}
}

// A token that is good for a site with mistakes is no mistake itself.
func TestABrokenSiteIsStillKnownToTokens(t *testing.T) {
	l := opened(t, folderOf(t, map[string]string{
		"pressrun.yaml":  strings.Replace(mainText, "role: operator", "role: cms, sites: [www]", 1),
		"sites/www.yaml": "runner: [\n",
	}))
	if len(l.Broken) != 1 {
		t.Errorf("%+v", l)
	}
}

func TestAFileBesideAFolderOfSitesSaysSo(t *testing.T) {
	folder := folderOf(t, map[string]string{"sites/www.yaml": siteText("www")})
	_, err := config.Open(filepath.Join(folder, "pressrun.yaml"))
	if err == nil || !strings.Contains(err.Error(), "name the folder "+folder) {
		t.Errorf("it said: %v", err)
	}
}

// Whatever the files say, the sites without a mistake are those that are there, each as it
// is without the others.
func TestNoFileOfASiteChangesAnother(t *testing.T) {
	folder := t.TempDir()
	texts := []string{"%s", "%squiet: soon\n", "%scolour: red\n", "runner: [\n", "", "%sgroup: g\n", "%sgroup: h\n"}
	rapid.Check(t, func(t *rapid.T) {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		files, good, bad := map[string]string{"groups/g.yaml": "quiet: 4s\n"}, []string{}, []string{}
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,3}`), 0, 6, rapid.ID).Draw(t, "names") {
			kind := rapid.IntRange(0, len(texts)-1).Draw(t, "kind")
			files["sites/"+name+".yaml"] = strings.Replace(texts[kind], "%s", siteText(name), 1)
			if kind == 0 || kind == 5 {
				good = append(good, name)
			} else {
				bad = append(bad, name)
			}
		}
		fillRapid(t, folder, files)
		l, err := config.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(good)
		slices.Sort(bad)
		if names := slices.Sorted(maps.Keys(l.Sites)); !slices.Equal(names, good) || !slices.Equal(brokenNames(l), bad) {
			t.Fatalf("there are %q and left out %q, of %q", names, brokenNames(l), files)
		}
	})
}

func fillRapid(t *rapid.T, folder string, files map[string]string) {
	files["pressrun.yaml"] = mainText
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheWatcherSeesWhatSettled(t *testing.T) {
	folder := folderOf(t, map[string]string{"sites/www.yaml": siteText("www")})
	file := filepath.Join(folder, "sites/www.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := config.Watch(folder)
	looks := func(want ...bool) {
		t.Helper()
		for i, one := range want {
			if got := w.Changed(); got != one {
				t.Errorf("look %d: changed is %t", i, got)
			}
		}
	}
	looks(false, false)
	write("longer " + siteText("www"))
	looks(false, true, false)
	write("1")
	looks(false)
	write("22") // still being written
	looks(false, true, false)
	write("333")
	looks(false)
	write("22") // as it was, after all
	looks(false, false, false)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	looks(false, true, false)
	if err := os.WriteFile(filepath.Join(folder, "sites/new.yaml"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	looks(false, true, false)
}

// A config map of Kubernetes exchanges a link: the files have the times and sizes that they
// had, and another content.
func TestTheWatcherSeesOtherContentOfOneSizeAndTime(t *testing.T) {
	folder := folderOf(t, map[string]string{"sites/www.yaml": "a"})
	file := filepath.Join(folder, "sites/www.yaml")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	w := config.Watch(folder)
	if err := errors.Join(os.WriteFile(file, []byte("b"), 0o600), os.Chtimes(file, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	for range 25 {
		if w.Changed() {
			return
		}
	}
	t.Error("it was not seen in 25 looks")
}
