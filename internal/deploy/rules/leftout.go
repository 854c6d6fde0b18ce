package rules

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The reasons to leave files out of a release.
const (
	LeftOutJunk    = "a desktop, an editor or a version control system left them behind"
	LeftOutSecret  = "they may hold secrets" //nolint:gosec // G101: a reason, not a secret
	LeftOutByRules = "the rules exclude them"
)

// nameSet has names of files or folders, in any case. Since a deploy matches each part of
// each path, most are full names or extensions, which are looked up; the pattern is only
// matched against names that begin with one of the signs.
type nameSet struct {
	whole, extensions map[string]bool // in lower case; an extension has its dot
	signs             string
	pattern           *regexp.Regexp
}

func (n nameSet) match(part string) bool {
	low := strings.ToLower(part)
	return n.whole[low] || n.extensions[path.Ext(low)] || (strings.ContainsAny(low[:min(1, len(low))], n.signs) && n.pattern.MatchString(low))
}

// junkNames are files and folders that desktops, editors and version control leave behind:
// macOS, Windows, Linux desktops, Vim, Emacs, JetBrains, Synology.
var junkNames = nameSet{
	whole: set(
		"__macosx", "icon\r", "thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin",
		"system volume information", "network trash folder", "temporary items", "@eadir", "_darcs", "npm-debug.log", "yarn-error.log",
	),
	extensions: set(".sublime-project", ".sublime-workspace"),
	signs:      ".~",
	pattern: regexp.MustCompile(`^(~\$.*\.(docx?|xlsx?|pptx?)|\.(` + strings.Join([]string{
		`ds_store`, `_.*`, `appledouble`, `appledb`, `appledesktop`, `lsoverride`, `spotlight-v100`, `trashes`, `fseventsd`, `temporaryitems`, `documentrevisions-v100`, `volumeicon\.icns`, `localized`, `apdisk`,
		`~lock\..*#`, `com\.apple\.timemachine\..*`, `dropbox(\.attr|\.cache)?`, `stfolder`, `stignore`, `stversions`, `sync`, `owncloudsync\.log`,
		`directory`, `trash-.*`, `nfs[0-9a-f]+`, `fuse_hidden.*`, `thumbnails`, `netrwhist`,
		`git`, `gitignore`, `gitattributes`, `gitmodules`, `gitkeep`, `keep`, `svn`, `hg`, `hgignore`, `bzr`, `jj`, `github`, `gitlab`, `gitlab-ci\.yml`, `travis\.yml`, `circleci`,
		`idea`, `vscode`, `fleet`, `editorconfig`, `project`, `classpath`, `hugo_build\.lock`, `settings`, `cache`, `sass-cache`, `stylelintrc.*`, `eslintrc.*`, `prettierrc.*`, `npmignore`,
	}, "|") + `))$`),
}

// cvsFolder is the folder of CVS. A page may be called cvs, for a shop or for résumés.
const cvsFolder = "CVS"

// junkFiles are junk as names of files, but not of folders.
var junkFiles = nameSet{
	extensions: set(".kate-swp", ".swp", ".bak", ".orig", ".rej", ".crdownload", ".part"),
	signs:      ".#",
	pattern:    regexp.MustCompile(`^(\..*\.sw[a-p]|#.*#|\.#.*)$`),
}

// leftByJetBrains are the ends of names of temporary files of JetBrains' editors.
var leftByJetBrains = []string{"___jb_tmp___", "___jb_old___"}

// secretNames are files that hold secrets more often than content.
var secretNames = nameSet{
	whole:      set("_netrc", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "wp-config.php"),
	extensions: set(".ppk", ".keystore", ".jks", ".p12", ".pfx", ".kdbx", ".tfstate"),
	signs:      ".",
	pattern:    regexp.MustCompile(`^\.(env(\..*)?|envrc|npmrc|yarnrc(\.yml)?|netrc|htpasswd|pypirc|vault-token|s3cfg|boto|dockercfg|pgpass|my\.cnf|git-credentials|aws|ssh|gnupg|docker|kube|terraform|bash_history|zsh_history|htaccess\.bak)$`),
}

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
		case isSecret(part):
			return LeftOutSecret
		case part == cvsFolder, junkNames.match(part):
			return LeftOutJunk
		}
	}
	if isJunkFile(path.Base(name)) {
		return LeftOutJunk
	}
	return ""
}

func isSecret(part string) bool {
	return secretNames.match(part) || strings.HasSuffix(strings.ToLower(part), ".tfstate.backup")
}

func isJunkFile(base string) bool {
	low := strings.ToLower(base)
	return strings.HasSuffix(base, "~") || junkFiles.match(base) || slices.ContainsFunc(leftByJetBrains, func(end string) bool { return strings.HasSuffix(low, end) })
}

// kept says whether a pattern "!GLOB", after the one with this number, keeps a file.
func (r Rules) kept(name string, after int) bool {
	for i, re := range r.included {
		if re != nil && i > after && re.MatchString(name) {
			return true
		}
	}
	return false
}

// compileExclude compiles the patterns of Exclude. A pattern of a folder matches all files
// in it.
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
