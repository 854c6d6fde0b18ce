package words

import (
	"testing"
	"time"
)

func TestTheNameOfAZoneWithoutOne(t *testing.T) {
	at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.FixedZone("-03", -3*3600))
	if got := zoneName(at); got != "UTC-03" {
		t.Errorf("got %q", got)
	}
}

func TestWordsFollowTheNumberAndTimesThePreposition(t *testing.T) {
	es, ok := Named("es")
	if !ok {
		t.Fatal("there is no Spanish")
	}
	en := English()
	at := func(l Language, hour int, day bool) Time {
		return l.Time(time.Date(2026, 11, 23, hour, 47, 0, 0, time.UTC), "15:04", day)
	}
	for _, c := range []struct{ got, want string }{
		{en.Say("%d requests", 1), "1 request"},
		{en.Say("%d requests", Number(12_000)), "12\u202f000 requests"},
		{es.Say("%d requests", 1), "1 solicitud"},
		{es.Say("%d requests", 0), "0 solicitudes"},
		{es.Say("%d requests", Number(1_000_000)), "1\u202f000\u202f000 solicitudes"},
		{es.Say("Release #%d", 12_345), "Publicación #12345"},
		{es.Say("Release #%d is being cancelled by %s.", 7, "Ada"), "Ada está cancelando la publicación #7."},
		{en.Say("goes out at %s", at(en, 13, false)), "goes out at 13:47 UTC"},
		{en.Say("goes out at %s", at(en, 13, true)), "goes out at Mon 23 Nov 2026, 13:47 UTC"},
		{es.Say("goes out at %s", at(es, 13, false)), "sale a las 13:47 UTC"},
		{es.Say("goes out at %s", at(es, 1, false)), "sale a la 01:47 UTC"},
		{es.Say("goes out at %s", at(es, 1, true)), "sale el lun 23 nov 2026, 01:47 UTC"},
		{es.Say("about %s, in %d min", at(es, 13, false), 2), "hacia las 13:47 UTC (en 2 min)"},
		{es.Say("live since %s", at(es, 1, false)), "en vivo desde la 01:47 UTC"},
		{es.Took(2300 * time.Millisecond), "2,3 s"},
		{es.Bytes(25_300_000), "25,3 MB"},
		{es.Say("What nobody has translated, %s", "Ada"), "What nobody has translated, Ada"},
		{Language{}.Say("%d requests", 1), "1 request"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestTheBrowsersLanguageIsFollowedWhereWeSpeakIt(t *testing.T) {
	es, _ := Named("es")
	for accept, want := range map[string]Language{
		"":                             es, // as the configuration says
		"es":                           es,
		"es-MX,es;q=0.9,en;q=0.8":      es,
		"en-GB,en;q=0.9,es;q=0.8":      English(),
		"fr-FR,fr;q=0.9,es;q=0.5":      es,
		"fr,en;q=0.5":                  English(),
		"ja":                           es,
		"*":                            es,
		";;;q=x":                       es,
		"en;q=0.1,es;q=0.9,de;q=0.95,": es,
	} {
		if got := Match(accept, es); got.Tag() != want.Tag() {
			t.Errorf("%q: %s, want %s", accept, got.Tag(), want.Tag())
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("es-MX,es;q=0.9,en;q=0.8")
	f.Fuzz(func(t *testing.T, accept string) {
		if _, known := Named(Match(accept, English()).Tag()); !known {
			t.Errorf("%q is answered in a language without a file", accept)
		}
	})
}
