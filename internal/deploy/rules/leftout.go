package rules

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Why a file is left out of a release.
const (
	LeftOutJunk    = "it was left behind by a desktop, an editor or a version control system"
	LeftOutSecret  = "it may hold secrets" //nolint:gosec // G101: a reason, not a secret
	LeftOutByRules = "it is excluded by the rules"
)

// junkNames are files and folders that desktops, editors and version control leave
// behind: macOS, Windows, Linux desktops, Vim, Emacs, JetBrains, Synology. A folder
// is left out with all in it.
var junkNames = regexp.MustCompile(`(?i)^(` + strings.Join([]string{
	`\.DS_Store`, `\._.*`, `__MACOSX`, `\.AppleDouble`, `\.AppleDB`, `\.AppleDesktop`, `\.LSOverride`, `\.Spotlight-V100`, `\.Trashes`, `\.fseventsd`, `\.TemporaryItems`, `\.DocumentRevisions-V100`, `\.VolumeIcon\.icns`, `\.localized`, `\.apdisk`, "Icon\r",
	`Thumbs\.db(:encryptable)?`, `ehthumbs(_vista)?\.db`, `desktop\.ini`, `\$RECYCLE\.BIN`, `System Volume Information`, `~\$.*\.(docx?|xlsx?|pptx?)`, `\.~lock\..*#`,
	`Network Trash Folder`, `Temporary Items`, `\.com\.apple\.timemachine\..*`, `\.dropbox(\.attr|\.cache)?`, `\.stfolder`, `\.stignore`, `\.stversions`, `\.sync`, `\.owncloudsync\.log`,
	`\.directory`, `\.Trash-.*`, `\.nfs[0-9a-f]+`, `\.fuse_hidden.*`, `@eaDir`, `\.thumbnails`,
	`\.netrwhist`,
	`\.git`, `\.gitignore`, `\.gitattributes`, `\.gitmodules`, `\.gitkeep`, `\.keep`, `\.svn`, `\.hg`, `\.hgignore`, `\.bzr`, `(?-i:CVS)`, `_darcs`, `\.jj`, `\.github`, `\.gitlab`, `\.gitlab-ci\.yml`, `\.travis\.yml`, `\.circleci`,
	`\.idea`, `\.vscode`, `\.fleet`, `.*\.sublime-(project|workspace)`, `\.editorconfig`, `\.project`, `\.classpath`, `\.hugo_build\.lock`, `\.settings`, `\.cache`, `\.sass-cache`, `\.stylelintrc.*`, `\.eslintrc.*`, `\.prettierrc.*`, `\.npmignore`, `npm-debug\.log`, `yarn-error\.log`,
}, "|") + `)$`)

// junkFiles are the same by what their names end in, which a folder's may too.
var junkFiles = regexp.MustCompile(`(?i)^(.*~|\..*\.sw[a-p]|.*\.kate-swp|.*\.swp|#.*#|\.#.*|.*\.(bak|orig|rej|crdownload|part)|.*___jb_(tmp|old)___)$`)

// secretNames are files that hold secrets more often than content.
var secretNames = regexp.MustCompile(`(?i)^(\.env(\..*)?|\.envrc|\.npmrc|\.yarnrc(\.yml)?|\.netrc|_netrc|\.htpasswd|\.pypirc|\.vault-token|\.s3cfg|\.boto|\.dockercfg|\.pgpass|\.my\.cnf|\.git-credentials|\.aws|\.ssh|\.gnupg|\.docker|\.kube|id_(rsa|dsa|ecdsa|ed25519)|.*\.(ppk|keystore|jks|p12|pfx|kdbx)|.*\.tfstate(\.backup)?|\.terraform|wp-config\.php|\.bash_history|\.zsh_history|\.htaccess\.bak)$`)

// LeftOut says why a file is not published; "" when it is. Rules must be compiled.
func (r Rules) LeftOut(name string) string {
	for i, re := range r.excluded {
		if re.MatchString(name) && !r.kept(name, i) {
			return LeftOutByRules
		}
	}
	if r.kept(name, -1) {
		return ""
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case secretNames.MatchString(part):
			return LeftOutSecret
		case junkNames.MatchString(part):
			return LeftOutJunk
		}
	}
	if junkFiles.MatchString(path.Base(name)) {
		return LeftOutJunk
	}
	return ""
}

// kept says whether a pattern "!GLOB" after another takes a file back in.
func (r Rules) kept(name string, after int) bool {
	for i, re := range r.included {
		if re != nil && i > after && re.MatchString(name) {
			return true
		}
	}
	return false
}

// compileExclude reads the patterns: a glob as in HeaderRule, also for a folder with
// all in it; "!" before one keeps what others leave out.
func (r Rules) compileExclude() (excluded, included []*regexp.Regexp, err error) {
	for i, pattern := range r.Exclude {
		glob, keep := strings.CutPrefix(pattern, "!")
		glob = strings.TrimSuffix(glob, "/")
		if glob == "" || path.Clean("/"+glob) == "/" {
			return nil, nil, fmt.Errorf("exclude %d: %q would leave out everything or nothing", i+1, pattern)
		}
		re, err := Glob(glob)
		if err == nil {
			re, err = regexp.Compile(strings.TrimSuffix(re.String(), `\z`) + `(?:/.*)?\z`)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("exclude %d: %w", i+1, err)
		}
		never := regexp.MustCompile(`[^\s\S]`)
		if keep {
			excluded, included = append(excluded, never), append(included, re)
		} else {
			excluded, included = append(excluded, re), append(included, nil)
		}
	}
	return excluded, included, nil
}
