package pull

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/text"
)

// Display is the desired state of a preview's comment and deployment at GitHub.
type Display struct {
	// Asked says whether somebody has asked for something; if not, nothing is shown.
	Asked bool
	// Comment is Markdown; "" for none, such as for a branch.
	Comment string
	// Deployment is the deployment of the preview's environment; its State is "" for none.
	Deployment Deployment
}

// Deployment is a preview as GitHub shows it under Deployments.
type Deployment struct {
	Environment, Commit string
	// State is queued, in_progress, success or failure.
	State, Why  string
	URL, LogURL string
}

// Digests are the hashes of the comment and of the deployment.
func (d Display) Digests() (comment, deployment string) {
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:16])
	}
	return digest(d.Comment), digest(fmt.Sprintf("%q", d.Deployment))
}

// maxListed bounds the pages that a comment lists: GitHub allows 65,536 characters.
const maxListed = 50

// maxPath bounds a page's path in a comment, in characters.
const maxPath = 200

// DisplayOf makes the Display of a state. Address is the preview's address, unless its run
// reported another.
func DisplayOf(s State, address string) Display {
	if s.Head == "" || s.By == "" && s.Note == "" && !s.Stands {
		return Display{} // GitHub does not know the ref, or nobody with permission has asked for anything
	}
	s.Shown.Address = webAddress(address, s.Shown.Address)
	d := Display{Deployment: s.deployment(), Asked: true}
	if s.Branch == "" {
		d.Comment = s.comment()
	}
	return d
}

// webAddress is the first of some addresses that is a safe http or https URL.
func webAddress(addresses ...string) string {
	for _, a := range addresses {
		if u, err := url.Parse(a); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && !strings.ContainsAny(a, "<>()[] \\\"`") {
			return strings.TrimRight(a, "/")
		}
	}
	return ""
}

func (s State) deployment() Deployment {
	d := Deployment{Environment: "preview/" + s.Name()}
	switch r := s.Run; {
	case r != nil && r.Kind == Create:
		d.Commit, d.State, d.LogURL, d.Why = r.Commit, "in_progress", r.URL, "the preview is being built"
		if r.ID == "" {
			d.State, d.Why = "queued", "dispatched; waits for its run to start"
		}
	case !s.wants():
	case s.Failed != "" && s.Failed == s.Head:
		d.Commit, d.State, d.Why = s.Failed, "failure", s.Why
	case s.Shown.Commit != "":
		d.Commit, d.State, d.URL, d.LogURL, d.Why = s.Shown.Commit, "success", s.Shown.Address, s.Shown.RunURL, "ready"
	}
	return d
}

// spoken writes a state as text for people.
type spoken struct{ State }

func (s State) comment() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Preview of %s\n\n", code(s.Site))
	said := spoken{s}
	for _, say := range []func(*strings.Builder){said.sayNow, said.sayShown, said.sayNote} {
		say(&b)
	}
	return b.String()
}

// sayNow writes the work under way, or the reason why the preview waits.
func (s spoken) sayNow(b *strings.Builder) {
	switch r := s.Run; {
	case r != nil && r.Kind == Create:
		fmt.Fprintf(b, "%s of commit %s is being built%s.\n\n", again(s.Shown.Commit), code(short(r.Commit)), runLink(r.URL))
	case r != nil && r.Kind == Remove, r == nil && !s.wants() && s.Stands:
		b.WriteString("The preview is being removed")
		if s.Why != "" {
			fmt.Fprintf(b, "; the last try failed: %s", code(s.Why))
		}
		b.WriteString(".\n\n")
	case !s.wants() && !s.Stands:
		b.WriteString("There is no preview. To ask for one, comment `/preview`.\n\n")
	case s.Fork && !s.MayBuild():
		fmt.Fprintf(b, "The branch is in a fork: somebody who may write to this repository has to look at commit %s, and then let exactly that one be built:\n\n```\n/preview approve %s\n```\n\n", code(short(s.Head)), hexOnly(s.Head))
	case s.Failed != "" && s.Failed == s.Head:
		fmt.Fprintf(b, "Commit %s could not be built: %s. To try again, comment `/preview`.\n\n", code(short(s.Failed)), code(s.Why))
	case s.Shown.Commit != s.Head:
		fmt.Fprintf(b, "A preview of commit %s will be built.", code(short(s.Head)))
		if s.Why != "" {
			fmt.Fprintf(b, " It waits: %s.", code(s.Why))
		}
		b.WriteString("\n\n")
	}
}

func again(shown string) string {
	if shown == "" {
		return "A preview"
	}
	return "A new build"
}

func runLink(address string) string {
	if address = webAddress(address); address == "" {
		return ""
	}
	return " ([run](" + address + "))"
}

// sayShown writes which build can be looked at.
func (s spoken) sayShown(b *strings.Builder) {
	if s.Shown.Commit == "" || !s.wants() {
		return
	}
	if s.Shown.Address != "" {
		fmt.Fprintf(b, "**<%s>** shows commit %s", s.Shown.Address, code(short(s.Shown.Commit)))
	} else {
		fmt.Fprintf(b, "It shows commit %s", code(short(s.Shown.Commit)))
	}
	fmt.Fprintf(b, "%s, until %s UTC.\n\n", runLink(s.Shown.RunURL), s.Shown.Expires.UTC().Format("2006-01-02 15:04"))
	if d := s.Shown.Differs; d != nil {
		s.sayDiffers(b, *d)
	}
}

func (s spoken) sayDiffers(b *strings.Builder, d preview.Differences) {
	if d.Release == 0 {
		b.WriteString("Nothing is live to compare with.\n\n")
		return
	}
	fmt.Fprintf(b, "Beside the public site (release %d): %s added, %s changed, %s deleted; and %s.\n\n", d.Release,
		text.Count(d.Added, "page"), text.Number(d.Changed), text.Number(d.Deleted), text.Plural(d.OtherFiles, "other file", "other files"))
	listed := d.Pages[:min(len(d.Pages), maxListed)]
	if len(listed) == 0 {
		return
	}
	b.WriteString("<details><summary>Pages that differ</summary>\n\n")
	for _, page := range listed {
		fmt.Fprintf(b, "- %s: %s\n", changeWord(page.Change), s.pageLink(page))
	}
	if more := d.Added + d.Changed + d.Deleted - len(listed); more > 0 {
		fmt.Fprintf(b, "- and %s\n", text.Plural(more, "more page", "more pages"))
	}
	b.WriteString("\n</details>\n\n")
}

func changeWord(change string) string {
	switch change {
	case "added", "changed", "deleted":
		return change
	}
	return "differs"
}

// pageLink is a link to a page in the preview, or its name alone if the preview does not have it.
func (s spoken) pageLink(page preview.Difference) string {
	name := "/" + strings.TrimSuffix(page.Path, "index.html")
	if s.Shown.Address == "" || page.Change == "deleted" || len(page.Path) > 4*maxPath {
		return code(name)
	}
	parts := strings.Split(strings.TrimPrefix(name, "/"), "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), "@", "%40")
	}
	return "[" + code(name) + "](" + s.Shown.Address + "/" + strings.Join(parts, "/") + ")"
}

// sayNote writes what was last refused, or why the preview was removed, and the commands.
func (s spoken) sayNote(b *strings.Builder) {
	if s.Note != "" {
		fmt.Fprintf(b, "%s\n\n", code(s.Note))
	}
	if s.wants() {
		b.WriteString("To remove it, comment `/preview remove`; to keep it longer, `/preview extend 30d`.\n")
	}
}

// short is the first seven digits of a commit.
func short(commit string) string { return commit[:min(len(commit), 7)] }

// hexOnly is a commit's hash, or "" if it is not one.
func hexOnly(commit string) string {
	if fullCommit.MatchString(commit) {
		return commit
	}
	return ""
}

// code puts text from elsewhere into a code span, in which GitHub makes no link, no
// mention and no markup (https://github.github.com/gfm/#code-spans).
func code(foreign string) string {
	foreign = text.Shorten(text.OneLine(foreign), maxPath)
	foreign = strings.TrimSpace(strings.ReplaceAll(foreign, "`", "'"))
	if foreign == "" {
		return "` `"
	}
	return "`" + foreign + "`"
}

// Address is the address of a preview, by a pattern in which * stands for its name.
func Address(pattern, name string) string { return strings.Replace(pattern, "*", path.Base(name), 1) }

// Wake is when Todo must be called again without an event; zero for never.
func Wake(s State, now time.Time) time.Time {
	switch {
	case s.Run != nil && s.Run.ID == "":
		return now.Add(findEvery)
	case s.Run != nil:
		return now.Add(lookEvery)
	case now.Before(s.NotBefore):
		return s.NotBefore
	case s.Shown.Commit != "":
		return s.Shown.Expires
	case s.over():
		return s.Updated.Add(s.kept())
	}
	return time.Time{}
}
