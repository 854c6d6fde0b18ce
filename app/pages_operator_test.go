package app

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/internal/api"
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
	until := time.Now().In(b.app.current.Load().config.Sites["www"].Location()).Add(3 * time.Hour)
	r.Form("/sites/www/pause", url.Values{"why": {"moving house"}, "until": {until.Format("2006-01-02T15:04")}}).Status(http.StatusSeeOther)
	site := b.site(t)
	if site.Pause.By != "ops" || site.Pause.Why != "moving house" || !site.Pause.Until.Equal(until.Truncate(time.Minute)) {
		t.Errorf("paused: %+v", site.Pause)
	}
	r.Form("/sites/www/requests", url.Values{"reason": {"while paused"}}).Status(http.StatusSeeOther)
	r.Get("/sites/www").Says("Moving house. What is asked for is kept and goes out afterwards.", "while paused", "the end of the pause")
	r.Get("/sites/www/operate").Says("Resume releases")
	r.Form("/sites/www/resume", nil).Status(http.StatusSeeOther)
	if site := b.site(t); site.Pause.On(ledger.Now()) {
		t.Errorf("still paused: %+v", site.Pause)
	}
	r.Form("/sites/www/resume", nil).Status(http.StatusConflict).Says("This can't be done now", "is not paused", "Back to The library")
	r.Form("/sites/www/pause", url.Values{"until": {"tomorrow"}}).Status(http.StatusUnprocessableEntity)
}

func TestCancellingIsAskedTwice(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, operatorToken)
	r.Get("/sites/www/cancel").Status(http.StatusConflict).Says("nothing to cancel")
	r.Form("/sites/www/requests", nil).Status(http.StatusSeeOther)
	b.job(t)
	b.await(t, release.Dispatched)
	r.Get("/sites/www/operate").Says("Cancel release #1…", "Reset the site…")
	p := r.Get("/sites/www/cancel").Status(http.StatusOK).Says("Cancel release #1?", "No, leave it as it is")
	if b.site(t).State != release.Dispatched {
		t.Fatal("looking at the question cancelled the release")
	}
	form := url.Values{"release": {p.Field("release")}, "why": {"wrong photo"}}
	r.Form("/sites/www/cancel", form).Status(http.StatusSeeOther)
	if got := b.site(t).Current.Cancel; got.By != "ops" || got.Why != "wrong photo" {
		t.Errorf("cancelled: %+v", got)
	}
	r.Get("/sites/www").Says("it is being cancelled by ops")
	reset := r.Get("/sites/www/reset").Status(http.StatusOK).Says("Reset this site?")
	r.Form("/sites/www/reset", url.Values{"release": {reset.Field("release")}, "why": {"stuck"}}).Status(http.StatusSeeOther)
	r.Form("/sites/www/reset", form).Status(http.StatusConflict).Says("Release #1 is over. Nothing was changed.")
	r.Get("/sites/www/releases/1").Says("stuck", "by", "ops")
}

func TestEditorsDoNotOperate(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	for _, act := range command.Acts {
		r.Form("/sites/www/"+act.Name, url.Values{"why": {"I may not"}}).Status(http.StatusForbidden).Says("This is for operators")
	}
	r.Get("/sites/www/cancel").Status(http.StatusForbidden)
	r.Form("/sites/secret/requests", nil).Status(http.StatusNotFound)
	r.Form("/sites/www/explode", nil).Status(http.StatusNotFound)
	newReader(t, b).Form("/sites/www/pause", nil).Status(http.StatusSeeOther)
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
	r.Form("/sites/www/requests", url.Values{"reason": {string(long)}}).Status(http.StatusUnprocessableEntity).Says("The field “reason” is too long")
	r.Form("/sites/www/requests", url.Values{"reason": {string(make([]byte, 64<<10))}}).Status(http.StatusRequestEntityTooLarge)
	if site := b.site(t); site.Accepted != 0 {
		t.Errorf("something was done: %+v", site)
	}
}

// await waits until the site is in a state.
func (b *bench) await(t *testing.T, want release.State) {
	t.Helper()
	eventually.Holds(t, "the site to be "+string(want), func() bool { return b.site(t).State == want })
}

func TestOperatorsFreezeAndReadWhatHappened(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, operatorToken)
	zone := b.app.current.Load().config.Sites["www"].Location()
	until := time.Now().In(zone).Add(48 * time.Hour).Format("2006-01-02T15:04")
	r.Form("/sites/www/freezes", url.Values{"to": {until}, "why": {"=Election <night>"}}).Status(http.StatusSeeOther)
	p := r.Get("/sites/www/operate").Status(http.StatusOK).Says("In force", "=Election <night>", "by ops", "End it")
	r.Form("/sites/www/freezes", url.Values{"to": {"soon"}, "why": {"x"}}).Status(http.StatusUnprocessableEntity)
	r.Form("/sites/www/freezes", url.Values{"to": {until}}).Status(http.StatusUnprocessableEntity)

	resp := r.Get("/sites/www/events.csv").Status(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(resp.Text)).ReadAll()
	if err != nil || len(rows) < 2 || rows[len(rows)-1][7] != "'=Election <night>" {
		t.Errorf("the CSV is %q, %v: a spreadsheet must not take a reason for a formula", rows, err)
	}
	var event api.Event
	lines := strings.Split(strings.TrimSpace(r.Get("/sites/www/events.jsonl").Status(http.StatusOK).Text), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &event); err != nil || event.Why != "=Election <night>" || len(lines) != len(rows)-1 {
		t.Errorf("%d lines, the last: %+v, %v", len(lines), event, err)
	}

	r.Form("/sites/www/thaw", url.Values{"id": {p.Field("id")}}).Status(http.StatusSeeOther)
	r.Get("/sites/www/operate?about=acts").Says("No freeze is in force")
	r.Form("/sites/www/thaw", url.Values{"id": {"none"}}).Status(http.StatusConflict).Says("has no freeze")
	r.Get("/sites/www/operate?about=everything").Status(http.StatusUnprocessableEntity)

	e := signedInReader(t, b, editorToken)
	for _, path := range []string{"/sites/www/operate", "/sites/www/events.csv", "/sites/www/events.jsonl"} {
		e.Get(path).Status(http.StatusForbidden)
	}
	e.Form("/sites/www/freezes", url.Values{"to": {until}, "why": {"x"}}).Status(http.StatusForbidden)
	e.Form("/sites/www/thaw", url.Values{"id": {"x"}}).Status(http.StatusForbidden)
}
