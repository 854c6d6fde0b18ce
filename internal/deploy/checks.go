package deploy

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

func missingIndex(tree Tree, _ *Manifest, limits Limits) *Violation {
	if limits.NoIndex || tree.Has("index.html") {
		return nil
	}
	return &Violation{Name: GuardMissingIndex, Detail: "the build has no index.html at its root"}
}

func missing404(tree Tree, previous *Manifest, _ Limits) *Violation {
	if previous == nil || tree.Has("404.html") {
		return nil
	}
	if _, had := previous.Find("404.html"); !had {
		return nil
	}
	return &Violation{Name: GuardMissing404, Detail: "the last release had a 404.html and this build has none"}
}

func zeroBytePages(tree Tree, _ *Manifest, limits Limits) *Violation {
	var empty []string
	for _, f := range tree.Files {
		if f.Size == 0 && IsPage(f.Path) {
			empty = append(empty, f.Path)
		}
	}
	if len(empty) <= limits.MaxZeroBytePages {
		return nil
	}
	return violation(GuardZeroBytePages, empty, "%s no bytes", count(len(empty), "page has", "pages have"))
}

func vanishedPages(tree Tree, previous *Manifest, limits Limits) *Violation {
	if previous == nil {
		return nil
	}
	var gone []string
	for _, e := range previous.Entries {
		if IsPage(e.Path) && !tree.Has(e.Path) {
			gone = append(gone, e.Path)
		}
	}
	pages := previous.Pages()
	share, many := limits.tooMany(len(gone), pages)
	if !many {
		return nil
	}
	return violation(GuardVanishedPages, gone, "%d of the last release's %d pages are missing (limit: %.0f %%)", len(gone), pages, share*100)
}

// vanishedFiles looks at what else is deleted at once: documents, data, feeds.
// Some generators name data by each build, so those that have come count against
// those that have gone. Assets stay for their grace time.
func vanishedFiles(tree Tree, previous *Manifest, limits Limits) *Violation {
	if previous == nil {
		return nil
	}
	document := func(path string) bool { return !IsPage(path) && Classify(path) != ClassAsset }
	var gone []string
	before, now := 0, 0
	for _, e := range previous.Entries {
		if !document(e.Path) {
			continue
		}
		if before++; !tree.Has(e.Path) {
			gone = append(gone, e.Path)
		}
	}
	for _, f := range tree.Files {
		if document(f.Path) {
			now++
		}
	}
	share, many := limits.tooMany(before-now, before)
	if !many {
		return nil
	}
	return violation(GuardVanishedFiles, gone, "the last release had %d documents, data files and feeds, and this build has %d (limit: %.0f %% fewer)", before, now, share*100)
}

// tooMany tells whether so many of all may not be missing, and which share may.
func (l Limits) tooMany(missing, all int) (share float64, many bool) {
	share = l.MaxVanishedShare
	if share == 0 {
		share = vanishedShare(all)
	}
	least := l.MinVanished
	if least == 0 {
		least = 5
	}
	return share, missing > least && float64(missing) > share*float64(all)
}

// vanishedShare is smaller for larger sites: half of ten pages may go in one
// edit, half of ten thousand never do.
func vanishedShare(pages int) float64 {
	switch {
	case pages <= 100:
		return 0.5
	case pages <= 1000:
		return 0.3
	}
	return 0.2
}

func shrunkPages(tree Tree, previous *Manifest, limits Limits) *Violation {
	if previous == nil {
		return nil
	}
	var shrunk []string
	both := 0
	for _, f := range tree.Files {
		old, ok := previous.Find(f.Path)
		if !ok || !IsPage(f.Path) {
			continue
		}
		both++
		if f.Size > 0 && f.Built().Size*5 <= old.Built().Size && !f.Redirect {
			shrunk = append(shrunk, f.Path)
		}
	}
	share := limits.MaxShrunkShare
	if share == 0 {
		share = 0.1
	}
	if len(shrunk) <= 5 || float64(len(shrunk)) <= share*float64(both) {
		return nil
	}
	return violation(GuardShrunkPages, shrunk, "%d of %d pages shrank to a fifth of their size or less, as when an error page replaces them", len(shrunk), both)
}

// secretNames must never be public, wherever they lie in a build.
var secretNames = regexp.MustCompile(`(?i)^(\.env(\..+)?|\.git|\.gitconfig|\.git-credentials|\.svn|\.hg|\.npmrc|\.netrc|\.pgpass|\.htpasswd|\.aws|\.ssh|\.kube|\.docker|id_(rsa|dsa|ecdsa|ed25519)|.+\.(pem|key|p12|pfx|jks|keystore|kdbx)|credentials\.json|terraform\.tfstate(\.backup)?|wp-config\.php)$`)

func secretFiles(tree Tree, _ *Manifest, _ Limits) *Violation {
	var secret []string
	for _, f := range tree.Files {
		if slices.ContainsFunc(strings.Split(f.Path, "/"), secretNames.MatchString) {
			secret = append(secret, f.Path)
		}
	}
	if len(secret) == 0 {
		return nil
	}
	return violation(GuardSecretFiles, secret, "%s that must not be public", count(len(secret), "file looks like a secret", "files look like secrets"))
}

func refusedFiles(tree Tree, _ *Manifest, _ Limits) *Violation {
	if len(tree.Refused) == 0 {
		return nil
	}
	paths := make([]string, 0, len(tree.Refused))
	for _, r := range tree.Refused {
		paths = append(paths, r.Path+" ("+r.Why+")")
	}
	return violation(GuardRefusedFiles, paths, "%s can't be published and would be left out", count(len(paths), "file", "files"))
}

func reservedNames(tree Tree, _ *Manifest, limits Limits) *Violation {
	var reserved []string
	for _, f := range tree.Files {
		if Reserved(f.Path, limits.StatePrefix) {
			reserved = append(reserved, f.Path)
		}
	}
	if len(reserved) == 0 {
		return nil
	}
	return violation(GuardReservedNames, reserved, "%s that Pressrun itself uses and would be left out", count(len(reserved), "file has a name", "files have names"))
}

// Reserved tells whether a path is one that Pressrun writes itself: the
// release's marker, or the state. A build's own file of that name is never sent.
func Reserved(name, statePrefix string) bool {
	return name == MarkerPath || (statePrefix != "" && strings.HasPrefix(name, path.Clean(statePrefix)+"/"))
}
