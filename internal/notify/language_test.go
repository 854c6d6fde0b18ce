package notify

import (
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

func TestPeopleAreToldInTheirLanguageByTheClockOfTheSite(t *testing.T) {
	es, _ := words.Named("es")
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 30, 19, 2, 3, 0, time.UTC)
	f := Fact{
		Type: ended(release.Failed), At: at, Site: Site{Name: "www", Title: "Riverside", App: "https://pressrun.example.gov", Language: es, Zone: zone},
		Release: &release.Release{Number: 12, Outcome: release.Failed, Why: "no title", Fault: release.FaultContent, Requests: release.Group{Count: 1}},
	}
	body, err := mailBody("", f)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ReadMail(body)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Riverside: publicación #12 falló"; m.Subject != want {
		t.Errorf("the subject is %q, want %q", m.Subject, want)
	}
	for _, want := range []string{"La publicación #12 de Riverside falló: no title.", "1 solicitud · Causa: contenido · lun 30 nov 2026, 20:02:03 CET", "Abrir la publicación #12: https://"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, m.Text)
		}
	}
	if !strings.Contains(m.HTML, `<html lang="es">`) {
		t.Errorf("the mail's page does not say its language:\n%s", m.HTML)
	}
	if got := f.forPrograms().Text(); got != "Release #12 of Riverside failed: no title." {
		t.Errorf("programs are told %q", got)
	}
	_, queue, _ := Policy{}.Queue(Memory{}, f.Site, release.Group{Count: 2, First: at}, time.Minute, at.Add(time.Hour))
	if want := "2 en espera, la más antigua desde el lun 30 nov 2026, 20:02 CET"; queue.Why != want {
		t.Errorf("the queue is told as %q, want %q", queue.Why, want)
	}
}
