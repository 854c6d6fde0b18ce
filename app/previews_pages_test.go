package app

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/test/browser"
	"github.com/pressrun/pressrun/test/eventually"
)

// startBranches is startPulls with an editor, a program, and a repository whose branches the
// App may read.
func startBranches(t *testing.T) *hub {
	t.Helper()
	h := startPulls(t, withPeople, func(c *config.Config) {
		c.Sites["www"].GitHub.Previews.Content = []string{"last", "drafts"}
	})
	h.github.Lock(func() {
		h.repo.Permissions["contents"] = "read"
		h.repo.Refs = map[string]string{"heads/feature/menu": commitOf(21), "tags/v2": commitOf(99), "heads/v3": commitOf(33), "tags/v3": commitOf(34)}
		h.repo.TagObjects = map[string]string{commitOf(99): commitOf(22)}
	})
	return h
}

func askOf(ref string, more ...string) url.Values {
	v := url.Values{"ref": {ref}, "content": {"last"}, "days": {"14"}, "name": {""}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// shows waits until the page of previews says something.
func (h *hub) shows(t *testing.T, r *browser.Reader, want string) browser.Page {
	t.Helper()
	var p browser.Page
	eventually.Succeeds(t, "the page says "+want, func() error {
		if p = r.Get("/sites/www/previews"); !strings.Contains(p.Words(), want) {
			return &unsaid{p.Words() + "\n" + h.logs.String()}
		}
		return nil
	})
	return p
}

type unsaid struct{ text string }

func (u *unsaid) Error() string { return u.text }

func TestAnEditorHasABranchPreviewed(t *testing.T) {
	h := startBranches(t)
	r := signedInReader(t, h.bench, editorToken)
	r.Get("/sites/www").Says("Previews: look at a branch")
	r.Get("/sites/www/previews").Status(http.StatusOK).Says("There is no preview", "Branch, tag or pull request")
	r.Form("/sites/www/previews", askOf(" feature/menu ", "content", "drafts", "days", "30")).Status(http.StatusSeeOther)
	run := h.previewRun(t, 1)
	in := run.Inputs
	name := preview.Name("feature/menu")
	if in["ref"] != "feature/menu" || in["commit"] != commitOf(21) || in["content"] != "drafts" || in["keep"] != "720h0m0s" || in["name"] != name || !strings.HasPrefix(in["pull_request"], "-") {
		t.Errorf("the run is of %+v", in)
	}
	h.shows(t, r, "being built")
	h.endPreview(t, run, "success")
	p := h.shows(t, r, "ready to look at").Says("feature/menu", "drafts too", "newsroom")
	if !strings.Contains(p.Text, `href="https://`+name+`.preview.example.gov"`) {
		t.Errorf("no link to the preview:\n%s", p.Text)
	}
	if got := h.github.Comments(previewsRepo, 0); len(got) > 0 {
		t.Errorf("comments about a branch: %+v", got)
	}
	eventually.Holds(t, "a deployment", func() bool { return len(h.previewDeployments()) == 1 })

	one := "/sites/www/previews/" + name
	r.Form(one+"/extend", url.Values{"days": {"91"}}).Status(http.StatusUnprocessableEntity).Says("Expected a number of days from 1 to 90")
	r.Form(one+"/extend", url.Values{"days": {"60"}}).Status(http.StatusSeeOther)
	extension := h.previewRun(t, 2)
	if in := extension.Inputs; in["act"] != "extend" || in["keep"] != "1440h0m0s" || in["ref"] != "feature/menu" {
		t.Errorf("the run is of %+v", in)
	}
	h.endPreview(t, extension, "success")

	// Asked for again, it is built anew; its name stays.
	r.Form("/sites/www/previews", askOf("feature/menu", "name", "other")).Status(http.StatusUnprocessableEntity).Says("The preview that stands has another name")
	r.Form("/sites/www/previews", askOf("feature/menu")).Status(http.StatusSeeOther)
	again := h.previewRun(t, 3)
	if in := again.Inputs; in["act"] != "create" || in["content"] != "" || in["name"] != name {
		t.Errorf("the run is of %+v", in)
	}
	h.endPreview(t, again, "success")
	h.shows(t, r, "the content of the last release")

	r.Get(one+"/remove").Status(http.StatusOK).Says("Remove the preview "+name+"?", "No, leave it as it is")
	if len(h.previewRuns()) != 3 {
		t.Fatal("looking at the question removed the preview")
	}
	r.Form(one+"/remove", nil).Status(http.StatusSeeOther)
	last := h.previewRun(t, 4)
	if in := last.Inputs; in["act"] != "remove" || in["name"] != name || in["ref"] != "feature/menu" { // by which a preview of another ref is left alone
		t.Errorf("the run is of %+v", in)
	}
	h.endPreview(t, last, "success")
	h.shows(t, r, "newsroom asked for its end")
	r.Form("/sites/www/previews", askOf("a b"), "Accept-Language", "es").Says("newsroom pidió su retirada")
	eventually.Holds(t, "no deployment", func() bool { return len(h.previewDeployments()) == 0 })
	operator := signedInReader(t, h.bench, operatorToken)
	operator.Get("/sites/www/operate").Says("Preview asked for", name+": feature/menu", "Preview kept longer", name+": 60 days", "Preview to be removed")
}

func TestTagsPullRequestsAndNames(t *testing.T) {
	h := startBranches(t)
	h.github.SetPull(previewsRepo, pullOf(12), "")
	r := signedInReader(t, h.bench, operatorToken)
	for n, one := range []struct{ ref, name, commit, wantRef, wantName string }{
		{"v2", "", commitOf(22), "v2", preview.Name("v2")}, // an annotated tag
		{"v3", "", commitOf(33), "v3", preview.Name("v3")}, // the branch before the tag
		{"#12", "spring", commitOf(12), "pull/12", "spring"},
	} {
		r.Form("/sites/www/previews", askOf(one.ref, "name", one.name)).Status(http.StatusSeeOther)
		in := h.previewRun(t, n+1).Inputs
		if in["commit"] != one.commit || in["ref"] != one.wantRef || in["name"] != one.wantName {
			t.Errorf("%s: the run is of %+v", one.ref, in)
		}
	}
	h.says(t, 12, "is being built")
	r.Form("/sites/www/previews", askOf("feature/menu", "name", "spring")).Status(http.StatusUnprocessableEntity).Says("Another preview has this name")
	// A pull request that a person of the repository asks for keeps what was chosen.
	h.github.SetPull(previewsRepo, pullOf(13), "")
	h.github.Say(previewsRepo, 13, "ada", "/preview")
	if in := h.previewRun(t, 4).Inputs; in["ref"] != "" || in["content"] != "" || in["keep"] != "" {
		t.Errorf("a workflow from before would refuse %+v", in)
	}
}

func TestWhatCannotBePreviewedIsSaidAtItsField(t *testing.T) {
	h := startBranches(t)
	r := signedInReader(t, h.bench, editorToken)
	for ref, want := range map[string]string{
		"":                          "Say of what",
		"x$(reboot)`touch /tmp/x`":  "This can't be previewed",
		"--upload-pack=x":           "This can't be previewed",
		"a b":                       "This can't be previewed",
		"../../etc/passwd":          "This can't be previewed",
		"refs/pull/12/head":         "This can't be previewed",
		"${{ secrets.TOKEN }}":      "This can't be previewed",
		"<script>alert(1)</script>": "This can't be previewed",
		"a\x00b":                    "This can't be previewed",
		"0":                         "This can't be previewed",
		strings.Repeat("a", 201):    "This can't be previewed",
	} {
		p := r.Form("/sites/www/previews", askOf(ref, "days", "7")).Status(http.StatusUnprocessableEntity).Says(want)
		if !strings.Contains(p.Text, `aria-invalid="true"`) || !strings.Contains(p.Text, `value="7"`) {
			t.Errorf("%q: nothing is said at its field, or what was typed is lost", ref)
		}
		if strings.Contains(p.Text, "<script>alert") {
			t.Errorf("%q is a script of the page", ref)
		}
	}
	p := r.Form("/sites/www/previews", askOf("feature/menu", "name", "Not A Name", "days", "x", "content", "live")).Status(http.StatusUnprocessableEntity)
	if p.Says("Expected small letters"); !strings.Contains(p.Text, `value="Not A Name"`) || !strings.Contains(p.Text, `value="feature/menu"`) {
		t.Errorf("what was typed is lost:\n%s", p.Text)
	}
	r.Form("/sites/www/previews", askOf("feature/menu", "content", "live")).Status(http.StatusUnprocessableEntity).Says("not built with this content")
	r.Form("/sites/www/previews", askOf("feature/menu", "days", "0")).Status(http.StatusUnprocessableEntity).Says("from 1 to 90")
	r.Form("/sites/www/previews", askOf("feature/menu"), "Accept-Language", "es", "Sec-Fetch-Site", "cross-site").Status(http.StatusForbidden)
	es := r.Form("/sites/www/previews", askOf("a b"), "Accept-Language", "es").Status(http.StatusUnprocessableEntity)
	es.Says("Esto no puede tener vista previa")
	r.Get("/sites/www/previews/none/remove").Status(http.StatusNotFound)
	r.Get("/sites/secret/previews").Status(http.StatusNotFound)
	signedInReader(t, h.bench, operatorToken).Get("/sites/secret/previews").Status(http.StatusNotFound).Says("This site has no previews")
	newReader(t, h.bench).Form("/sites/www/previews", askOf("feature/menu")).Status(http.StatusSeeOther) // to sign in
	newReader(t, h.bench).Form("/sites/www/previews", askOf("feature/menu"), "Authorization", "Bearer "+cmsToken).Status(http.StatusForbidden)
	if got := h.previewRuns(); len(got) > 0 {
		t.Errorf("runs: %+v", got)
	}
}

func TestWhatGitHubDoesNotKnowIsSaidInTheList(t *testing.T) {
	h := startBranches(t)
	r := signedInReader(t, h.bench, editorToken)
	r.Form("/sites/www/previews", askOf("feature/typo")).Status(http.StatusSeeOther)
	h.shows(t, r, "the repository has no branch and no tag of this name")
	r.Form("/sites/www/previews", askOf("404")).Status(http.StatusSeeOther)
	h.shows(t, r, "the repository has none of this number")
	if got := h.github.Comments(previewsRepo, 404); len(got) > 0 || len(h.previewRuns()) > 0 {
		t.Errorf("comments: %+v, runs: %+v", got, h.previewRuns())
	}
}

// A copy of the workflow from before knows no refs.
func TestAPreviewWhoseRunGitHubRefusesIsRemovedWithoutARun(t *testing.T) {
	h := startBranches(t)
	h.github.Lock(func() {
		for _, w := range h.repo.Workflows {
			w.Inputs = slices.DeleteFunc(w.Inputs, func(name string) bool { return name == "ref" })
		}
	})
	r := signedInReader(t, h.bench, editorToken)
	r.Form("/sites/www/previews", askOf("v3")).Status(http.StatusSeeOther)
	h.shows(t, r, "Unexpected inputs")
	r.Get("/sites/www/previews").Says("could not be built", "Keep or remove v3")
	eventually.Holds(t, "a deployment that failed", func() bool { return len(h.previewDeployments()) == 1 })
	r.Form("/sites/www/previews/v3/remove", nil).Status(http.StatusSeeOther)
	h.shows(t, r, "v3 not there")
	if got := h.previewRuns(); len(got) > 0 {
		t.Errorf("runs: %+v", got)
	}
}

func TestAnAppThatMayNotReadBranchesSaysSo(t *testing.T) {
	h := startPulls(t, withPeople)
	r := signedInReader(t, h.bench, editorToken)
	r.Form("/sites/www/previews", askOf("feature/menu")).Status(http.StatusSeeOther)
	h.shows(t, r, "give it the permission Contents: read-only")
}

func TestThePagesOfPreviewsAreAccessible(t *testing.T) {
	ctx := browser.Start(t)
	h := startBranches(t)
	srv := ownServer(t, h.bench)
	s := browser.Screen{T: t, Ctx: ctx}
	r := signedInReader(t, h.bench, editorToken)
	name := preview.Name("feature/menu")
	r.Form("/sites/www/previews", askOf("feature/menu")).Status(http.StatusSeeOther)
	h.endPreview(t, h.previewRun(t, 1), "success")
	r.Form("/sites/www/previews", askOf("v2")).Status(http.StatusSeeOther)
	h.endPreview(t, h.previewRun(t, 2), "failure")
	r.Form("/sites/www/previews", askOf("feature/typo")).Status(http.StatusSeeOther)
	h.shows(t, r, "no branch and no tag")
	h.shows(t, r, "could not be built")
	s.Do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", editorToken+kb.Enter))
	s.Await(`location.pathname === "/" && document.readyState === "complete"`)
	for _, path := range []string{"/sites/www/previews", "/sites/www/previews/" + name, "/sites/www/previews/" + name + "/remove", "/sites/www/previews/none"} {
		s.Accessible(srv.URL, path)
	}
	for i, scripts := range []bool{true, false} { // by keyboard alone, and without JavaScript
		s.Scripts(scripts)
		s.Do(chromedp.Navigate(srv.URL+"/sites/www/previews"), chromedp.SendKeys("#ref", "a b"+kb.Enter), chromedp.WaitVisible("#ref-wrong"))
		s.Picture("previews-refused")
		if scripts {
			if got := s.Axe(); len(got.Violations) > 0 {
				t.Errorf("a refused name: %+v", got.Violations)
			}
		}
		if got := s.Eval(`document.activeElement.id + "|" + document.activeElement.value`); got != "ref|a b" {
			t.Errorf("the cursor is in %q", got)
		}
		s.Do(chromedp.SendKeys("#ref", kb.End+strings.Repeat(kb.Backspace, 3)+"v3"+kb.Enter), chromedp.WaitVisible("#preview-v3"))
		h.endPreview(t, h.previewRun(t, 3+2*i), "success")
		h.shows(t, r, "v3 0000000 ready to look at")
		if scripts { // the page shows it by itself
			s.AwaitText("preview-v3", "ready to look at")
		}
		s.Do(chromedp.Navigate(srv.URL+"/sites/www/previews/v3"), chromedp.SendKeys("#days", kb.Tab+kb.Tab+kb.Enter), chromedp.WaitVisible("button.danger.main"))
		s.Do(chromedp.SendKeys("button.danger.main", kb.Enter), chromedp.WaitVisible("#preview-v3"))
		h.endPreview(t, h.previewRun(t, 4+2*i), "success")
		h.shows(t, r, "v3 not there")
	}
	s.Scripts(true)
	s.Eval(`document.cookie = "pressrun_reading=es&; path=/"`)
	s.Accessible(srv.URL, "/sites/www/previews?es")
}
