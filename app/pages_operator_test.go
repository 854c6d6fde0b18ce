package app

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

func (b *bench) site(t *testing.T) release.Site {
	t.Helper()
	site, err := b.app.ledger.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func TestOperatorsPauseAndResumeByForm(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, operatorToken)
	until := time.Now().In(b.app.config.Sites["www"].Location()).Add(3 * time.Hour)
	r.form("/sites/www/pause", url.Values{"why": {"moving house"}, "until": {until.Format(localTime)}}).status(http.StatusSeeOther)
	site := b.site(t)
	if site.Pause.By != "ops" || site.Pause.Why != "moving house" || !site.Pause.Until.Equal(until.Truncate(time.Minute)) {
		t.Errorf("paused: %+v", site.Pause)
	}
	r.form("/sites/www/requests", url.Values{"reason": {"while paused"}}).status(http.StatusSeeOther)
	r.get("/sites/www").says("Paused. By ops: moving house.", "Resume releases", "while paused", "the end of the pause")
	r.form("/sites/www/resume", nil).status(http.StatusSeeOther)
	if site := b.site(t); site.Pause.On(ledger.Now()) {
		t.Errorf("still paused: %+v", site.Pause)
	}
	r.form("/sites/www/resume", nil).status(http.StatusConflict).says("This can't be done now", "is not paused", "Back to The library")
	r.form("/sites/www/pause", url.Values{"until": {"tomorrow"}}).status(http.StatusUnprocessableEntity)
}

func TestCancellingIsAskedTwice(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, operatorToken)
	r.get("/sites/www/cancel").status(http.StatusConflict).says("nothing to cancel")
	r.form("/sites/www/requests", nil).status(http.StatusSeeOther)
	b.job(t)
	b.await(t, release.Dispatched)
	r.get("/sites/www").says("Cancel release #1…", "Reset the site…")
	p := r.get("/sites/www/cancel").status(http.StatusOK).says("Cancel release #1?", "No, leave it as it is")
	if b.site(t).State != release.Dispatched {
		t.Fatal("looking at the question cancelled the release")
	}
	form := url.Values{"release": {p.field("release")}, "why": {"wrong photo"}}
	r.form("/sites/www/cancel", form).status(http.StatusSeeOther)
	if got := b.site(t).Current.Cancel; got.By != "ops" || got.Why != "wrong photo" {
		t.Errorf("cancelled: %+v", got)
	}
	r.get("/sites/www").says("it is being cancelled by ops")
	reset := r.get("/sites/www/reset").status(http.StatusOK).says("Reset this site?")
	r.form("/sites/www/reset", url.Values{"release": {reset.field("release")}, "why": {"stuck"}}).status(http.StatusSeeOther)
	r.form("/sites/www/reset", form).status(http.StatusConflict).says("Release #1 is over. Nothing was changed.")
	r.get("/sites/www/releases/1").says("stuck", "by", "ops")
}

func TestEditorsDoNotOperate(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	for _, act := range acts {
		r.form("/sites/www/"+act.name, url.Values{"why": {"I may not"}}).status(http.StatusForbidden).says("This is for operators")
	}
	r.get("/sites/www/cancel").status(http.StatusForbidden)
	r.form("/sites/secret/requests", nil).status(http.StatusNotFound)
	r.form("/sites/www/explode", nil).status(http.StatusNotFound)
	newReader(t, b).form("/sites/www/pause", nil).status(http.StatusSeeOther)
	if site := b.site(t); site.Pause.On(ledger.Now()) || site.Accepted != 0 {
		t.Errorf("something was done: %+v", site)
	}
}

func TestFormsThatAreTooLarge(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	long := make([]byte, 1001)
	for i := range long {
		long[i] = 'x'
	}
	r.form("/sites/www/requests", url.Values{"reason": {string(long)}}).status(http.StatusUnprocessableEntity).says("The reason is too long")
	r.form("/sites/www/requests", url.Values{"reason": {string(make([]byte, maxBody))}}).status(http.StatusBadRequest)
	if site := b.site(t); site.Accepted != 0 {
		t.Errorf("something was done: %+v", site)
	}
}

// await waits until the site is in a state.
func (b *bench) await(t *testing.T, want release.State) {
	t.Helper()
	eventually.Holds(t, "the site to be "+string(want), func() bool { return b.site(t).State == want })
}
