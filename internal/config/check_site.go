package config

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	// Time zones work on machines and in images without a time zone database.
	_ "time/tzdata"

	"github.com/pressrun/pressrun/internal/content/job"
	"github.com/pressrun/pressrun/internal/content/source"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/environ"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/pattern"
)

var siteName = pattern.Of(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (k *checker) sites() {
	switch {
	case k.several: // a folder may be empty for now
	case !k.Has("sites"):
		k.wrong("sites", "is missing; expected a section with the name of each site")
	case len(k.config.Sites) == 0:
		k.wrong("sites", "there is no site; expected at least one")
	}
	for _, name := range slices.Sorted(maps.Keys(k.config.Sites)) {
		key := "sites." + name
		if !siteName().MatchString(name) {
			k.wrong(key, "%q is no name of a site; expected small letters, digits and hyphens (at most 63), such as www-staging", name)
		}
		k.site(key, k.config.Sites[name])
	}
	checkDestinations(k)
	k.publicAddresses()
}

// publicAddresses finds sites with the same public address, or with the app's.
func (k *checker) publicAddresses() {
	taken := map[string]string{}
	if own := strings.TrimRight(k.config.URL, "/"); own != "" {
		taken[own] = "the app itself"
	}
	for _, name := range slices.Sorted(maps.Keys(k.config.Sites)) {
		address := strings.TrimRight(k.config.Sites[name].URL, "/")
		if address == "" {
			continue
		}
		if other, ok := taken[address]; ok {
			k.wrong("sites."+name+".url", "%s is at %s too; expected the address of this site alone", other, address)
			continue
		}
		taken[address] = "the site " + name
	}
}

func (k *checker) site(key string, s Site) {
	checkGroup(k, key, s.Group)
	if !k.Has(key + ".runner") {
		k.wrong(key+".runner", "is missing; expected local or github")
	}
	k.webURL(key+".url", s.URL, "the site's public address, such as https://www.example.gov")
	k.bareURL(key+".url", s.URL)
	k.timeZone(key+".time_zone", s.TimeZone)
	checkSpans(k, key, s)
	k.freezes(key, s.Freezes)
	checkSchedules(k, key, s)
	checkContent(k, key, s)
	checkHooks(k, key, s)
	checkNotify(k, key, s)
	checkPublic(k, key+".public", s.Public)
	checkSiteGitHub(k, key, s)
	k.source(key, s)
	k.waitReady(key+".wait_ready", s.WaitReady)
	k.build(key, s)
	checkShare(k, key+".check.max_vanished", s.Check.MaxVanished)
	checkGuards(k, key+".check.allow", s.Check.Allow)
	checkInside(k, key+".check.index", s.Check.Index, "a page of the output, such as index.html")
	checkDeploy(k, key, s)
	switch {
	case k.machine && s.Runner == RunnerLocal:
		checkOnDisk(k, key, s)
	case k.secrets:
		checkSecrets(k, key, s)
	}
}

// fixedZones are names of zones without daylight saving time that people use for zones with it.
var fixedZones = map[string]string{"EST": "America/New_York", "MST": "America/Denver", "HST": "Pacific/Honolulu", "CET": "Europe/Berlin", "MET": "Europe/Berlin", "EET": "Europe/Athens", "WET": "Europe/Lisbon"}

func (k *checker) timeZone(key, name string) {
	if !k.Has(key) {
		return
	}
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		k.wrong(key, "%q is no time zone; expected an IANA name such as Europe/London or America/New_York", name)
		return
	}
	if city, ok := fixedZones[name]; ok {
		k.wrong(key, "%q is an abbreviation, which may not follow daylight saving; expected the name of a place, such as %s", name, city)
	}
}

func (k *checker) freezes(key string, freezes []Freeze) {
	for i, f := range freezes {
		at := fmt.Sprintf("%s.freezes[%d]", key, i)
		if !f.From.IsZero() && !f.To.IsZero() && !f.To.After(f.From) {
			k.wrong(at+".to", "the freeze ends before it begins (%s); expected a later instant", f.From.Format(time.RFC3339))
		}
		if k.Has(at+".why") && strings.TrimSpace(f.Why) == "" {
			k.wrong(at+".why", "is empty; expected the reason, for the people who wait")
		}
	}
}

func (k *checker) source(key string, s Site) {
	at := key + ".source"
	folder, git := k.Has(at+".folder"), k.Has(at+".git")
	switch {
	case s.Runner != RunnerLocal:
	case folder && git:
		k.wrong(at+".git", "a site comes from a folder or from a repository; expected one of source.folder and source.git")
	case !folder && !git:
		k.wrong(at, "runner local needs to know where the frontend is; expected source.folder or source.git")
	}
	if folder && s.Source.Folder == "" {
		k.wrong(at+".folder", `is empty; expected a folder ("." for that of this file)`)
	}
	if git {
		k.git(at+".git", s.Source.Git)
	}
	if k.Has(at+".ref") && !git {
		k.wrong(at+".ref", "a folder has no branches; expected source.git beside it")
	}
	// Git would take a leading hyphen for an option.
	if k.Has(at+".ref") && (s.Source.Ref == "" || strings.HasPrefix(s.Source.Ref, "-") || strings.ContainsAny(s.Source.Ref, " ~^:?*[\\")) {
		k.wrong(at+".ref", "%q is no name in Git; expected a branch, a tag or a commit", s.Source.Ref)
	}
}

func (k *checker) git(key, text string) {
	u, err := url.Parse(text)
	if err == nil && u.User != nil {
		if _, secret := u.User.Password(); secret || u.Scheme != "ssh" {
			k.WrongSecret(key, "has a user or password in it; expected an address without: Git's own credential helpers know the rest")
			return
		}
	}
	if text == "" || strings.HasPrefix(text, "-") || strings.Contains(text, "::") {
		k.wrong(key, "%q is no repository; expected https://, ssh:// or git@host:path, or a folder", text)
	}
}

func (k *checker) waitReady(key string, w WaitReady) {
	k.webURL(key+".url", w.URL, "what must answer before a release starts, such as https://cms.example.gov/healthz")
	if k.Has(key) && !k.Has(key+".url") {
		k.wrong(key, "says how to wait, but not for what; expected wait_ready.url")
	}
	if k.Has(key+".status") && (w.Status < 100 || w.Status > 599) {
		k.wrong(key+".status", "%d is no HTTP status; expected one such as 200", w.Status)
	}
}

// envName matches the names of variables that every shell accepts.
var envName = pattern.Of(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (k *checker) build(key string, s Site) {
	at := key + ".build"
	if s.Runner == RunnerLocal && !k.Has(at+".output") {
		k.wrong(at, "the folder that holds the built site is missing; expected build.output, such as output: public")
	}
	checkInside(k, at+".output", s.Build.Output, "a folder within the source, such as public")
	if s.Build.Command != "" && k.Has(at+".output") && filepath.Clean(s.Build.Output) == "." {
		k.wrong(at+".output", "the whole source would be published, with what the build is made from; expected the folder that the build makes, such as public")
	}
	k.command(at+".command", s.Build.Command)
	k.bake(at, s.Build)
	k.export(at, s.Build)
	k.command(key+".install.command", s.Install.Command)
	for _, name := range slices.Sorted(maps.Keys(s.Build.Env)) {
		switch {
		case !envName().MatchString(name):
			k.wrong(at+".env."+name, "%q is no name of a variable; expected letters, digits and _, not a digit first", name)
		case environ.KeptFromBuilds(name):
			k.wrong(at+".env."+name, "names that begin with %s are kept from builds; expected another name", strings.Join(environ.Kept(), ", "))
		}
	}
}

func (k *checker) bake(at string, b Build) {
	if b.Bake == "" {
		for _, name := range []string{"bake_state", "bake_canary", "bake_unreachable"} {
			if k.Has(at + "." + name) {
				k.wrong(at+"."+name, "nothing is baked; expected the CMS's address in %s.bake beside it", at)
			}
		}
		return
	}
	if err := outbound.Check(b.Bake); err != nil {
		k.wrong(at+".bake", "the address of the CMS %v", err)
	}
	if b.Command != "" {
		k.wrong(at+".command", "the site is built by a command or baked; expected one of command and bake")
	}
	if u := b.Unchanged; u != "" && u != "skip" && u != "build" {
		k.wrong(at+".unchanged", "%q is not known; expected skip or build", u)
	}
	if u := b.BakeUnreachable; u != "" && u != "keep" && u != "refuse" {
		k.wrong(at+".bake_unreachable", "%q is not known; expected keep or refuse", u)
	}
}

func (k *checker) export(at string, b Build) {
	if b.Export == "" {
		for _, name := range []string{"export_kind", "export_to", "export_types", "export_token_file", "export_timeout"} {
			if k.Has(at + "." + name) {
				k.wrong(at+"."+name, "nothing is copied; expected the CMS's address in %s.export beside it", at)
			}
		}
		return
	}
	if b.Command == "" {
		k.wrong(at+".export", "nothing would read the copy; expected %s.command beside it", at)
	}
	if job.IsFile(b.Export) {
		return // in the frontend, which the run has
	}
	if err := outbound.CheckInside(b.Export); err != nil {
		k.wrong(at+".export", "the address of the CMS %v", err)
		return
	}
	if b.ExportKind == "" {
		k.wrong(at+".export", "does not say what the CMS is; expected %s.export_kind beside it, one of %s", at, strings.Join(source.Names(), ", "))
		return
	}
	s := source.Settings{Kind: b.ExportKind, URL: b.Export}
	if err := s.Check(); err != nil {
		k.wrong(at+".export_kind", "%v", err)
	}
}

func (k *checker) command(key, text string) {
	if k.Has(key) && strings.TrimSpace(text) == "" {
		k.wrong(key, "is empty; expected a command for the shell, or leave the key out")
	}
}

// checkInside checks a path that must lead to a place within a folder.
func checkInside(k *checker, key, path, what string) {
	if k.Has(key) && (path == "" || !filepath.IsLocal(path)) {
		k.wrong(key, "%q is not within the folder; expected %s", path, what)
	}
}

func checkGuards(k *checker, key string, names []string) {
	for i, name := range names {
		if !slices.Contains(guard.Names(), name) {
			k.wrong(fmt.Sprintf("%s[%d]", key, i), "%q is no check; expected one of %s", name, strings.Join(guard.Names(), ", "))
		}
	}
}

func checkShare(k *checker, key string, share *float64) {
	if share != nil && (*share < 0 || *share > 1) {
		k.wrong(key, "%v is no share; expected a number from 0 to 1, such as 0.2", *share)
	}
}
