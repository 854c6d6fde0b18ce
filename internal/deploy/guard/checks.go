package guard

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/text"
)

func missingIndex(tree manifest.Tree, _ *manifest.Manifest, limits Limits) *Violation {
	if limits.NoIndex || tree.Has("index.html") {
		return nil
	}
	return &Violation{Name: MissingIndex, Detail: "the build has no index.html at its root"}
}

func missing404(tree manifest.Tree, previous *manifest.Manifest, _ Limits) *Violation {
	if previous == nil || tree.Has("404.html") {
		return nil
	}
	if _, had := previous.Find("404.html"); !had {
		return nil
	}
	return &Violation{Name: Missing404, Detail: "the last release had a 404.html and this build has none"}
}

// wellKnown is the folder of RFC 8615, at the site's root.
const wellKnown = ".well-known/"

// missingWellKnown stops a build that has lost all files for apps, browsers and security
// researchers: archives and artifacts often leave hidden files out.
func missingWellKnown(tree manifest.Tree, previous *manifest.Manifest, _ Limits) *Violation {
	if previous == nil || slices.ContainsFunc(tree.Files, func(f manifest.File) bool { return strings.HasPrefix(f.Path, wellKnown) }) {
		return nil
	}
	var gone []string
	for _, e := range previous.Entries {
		if strings.HasPrefix(e.Path, wellKnown) {
			gone = append(gone, e.Path)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return NewViolation(MissingWellKnown, gone,
		"the last release had %s in .well-known and this build has none, as when an artifact leaves hidden files out (actions/upload-artifact: set include-hidden-files: true)",
		text.Plural(len(gone), "file", "files"))
}

func zeroBytePages(tree manifest.Tree, _ *manifest.Manifest, limits Limits) *Violation {
	var empty []string
	for _, f := range tree.Files {
		if f.Size == 0 && rules.IsPage(f.Path) {
			empty = append(empty, f.Path)
		}
	}
	if len(empty) <= limits.MaxZeroBytePages {
		return nil
	}
	return NewViolation(ZeroBytePages, empty, "%s no bytes", text.Plural(len(empty), "page has", "pages have"))
}

// secretNames must never be public, in any folder of a build.
var secretNames = regexp.MustCompile(`(?i)^(\.env(\..+)?|\.git|\.gitconfig|\.git-credentials|\.svn|\.hg|\.npmrc|\.netrc|\.pgpass|\.htpasswd|\.aws|\.ssh|\.kube|\.docker|id_(rsa|dsa|ecdsa|ed25519)|.+\.(pem|key|p12|pfx|jks|keystore|kdbx)|credentials\.json|terraform\.tfstate(\.backup)?|wp-config\.php)$`)

func secretFiles(tree manifest.Tree, _ *manifest.Manifest, _ Limits) *Violation {
	var secret []string
	for _, f := range tree.Files {
		if slices.ContainsFunc(strings.Split(f.Path, "/"), secretNames.MatchString) {
			secret = append(secret, f.Path)
		}
	}
	if len(secret) == 0 {
		return nil
	}
	return NewViolation(SecretFiles, secret, "%s that must not be public", text.Plural(len(secret), "file looks like a secret", "files look like secrets"))
}

func refusedFiles(tree manifest.Tree, _ *manifest.Manifest, _ Limits) *Violation {
	if len(tree.Refused) == 0 {
		return nil
	}
	paths := make([]string, 0, len(tree.Refused))
	for _, r := range tree.Refused {
		paths = append(paths, r.Path+" ("+r.Reason+")")
	}
	return NewViolation(RefusedFiles, paths, "%s can't be published and would be left out", text.Plural(len(paths), "file", "files"))
}

func reservedNames(tree manifest.Tree, _ *manifest.Manifest, limits Limits) *Violation {
	var reserved []string
	for _, f := range tree.Files {
		if manifest.Reserved(f.Path, limits.StatePrefix) {
			reserved = append(reserved, f.Path)
		}
	}
	if len(reserved) == 0 {
		return nil
	}
	return NewViolation(ReservedNames, reserved, "%s that Pressrun itself uses and would be left out", text.Plural(len(reserved), "file has a name", "files have names"))
}
