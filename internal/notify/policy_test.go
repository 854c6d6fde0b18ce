package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/release"
)

// usual are the types that people are told of when nobody chose.
func usual(t testing.TB) []notify.Type {
	t.Helper()
	k, _ := notify.FindKind("teams")
	return k.Usual
}

func quiet(t testing.TB, windows ...string) calendar.Schedule {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	s := calendar.Schedule{Zone: zone}
	for _, text := range windows {
		w, err := calendar.ParseWindow(text)
		if err != nil {
			t.Fatal(err)
		}
		s.Windows = append(s.Windows, w)
	}
	return s
}

// of is a fact about a release, or about the site for number 0.
func of(what notify.Type, number int64, why string) notify.Fact {
	f := notify.Fact{Event: 1, Type: what, Site: site, Why: why, At: at}
	if number != 0 {
		f.Release = &release.Release{Number: number, Why: why, Outcome: release.Outcome(strings.TrimPrefix(string(what), "release."))}
	}
	return f
}

const (
	failed    = notify.Type("release.failed")
	noVerdict = notify.Verdict("digest due")
)

// step is a fact so long after the one before, and what becomes of it.
type step struct {
	after time.Duration
	fact  notify.Fact
	want  notify.Verdict
	as    notify.Type // what it is told as, when that differs
}

func TestWhatPeopleAreTold(t *testing.T) {
	night := time.Date(2026, 12, 1, 4, 0, 0, 0, time.UTC) // 23:00 in New York
	paused := notify.Type("site.paused")
	asker := of(notify.RequestFailed, 5, "x")
	asker.To = "ana@example.gov"
	for name, c := range map[string]struct {
		begin  time.Time
		policy notify.Policy
		steps  []step
	}{
		"what is not wanted is not told": {at, notify.Policy{}, []step{{0, of(notify.ReleaseRequested, 1, ""), notify.Drop, ""}, {0, of(paused, 0, ""), notify.Drop, ""}}},
		"each release that is live is told": {at, notify.Policy{}, []step{
			{0, of(notify.ReleaseLive, 1, ""), notify.Tell, ""}, {time.Hour, of(notify.ReleaseLive, 2, ""), notify.Tell, ""},
		}},
		"the same failure is told once, and the success after it": {at, notify.Policy{}, []step{
			{0, of(failed, 1, "no title"), notify.Tell, ""},
			{time.Minute, of(failed, 2, "no title"), notify.Drop, ""},
			{time.Minute, of(failed, 3, "no title"), notify.Drop, ""},
			{time.Minute, of(failed, 4, "no disk"), notify.Tell, ""},
			{time.Minute, of(notify.ReleaseLive, 5, ""), notify.Tell, notify.ReleaseRecovered},
			{time.Minute, of(notify.ReleaseLive, 6, ""), notify.Tell, ""},
			{time.Hour, of(failed, 7, "no disk"), notify.Tell, ""},
		}},
		"a failure that lasts is told again after a day": {at, notify.Policy{}, []step{
			{0, of(failed, 1, "no title"), notify.Tell, ""}, {notify.SameSpan - time.Second, of(failed, 2, "no title"), notify.Drop, ""}, {time.Second, of(failed, 3, "no title"), notify.Tell, ""},
		}},
		"a hold that was lifted is told again, though lifting is not wanted": {at, notify.Policy{}, []step{
			{0, of(notify.SiteHeld, 0, "3 failed"), notify.Tell, ""},
			{time.Minute, of(notify.SiteHeld, 0, "3 failed"), notify.Drop, ""},
			{time.Minute, of("site.hold_lifted", 0, ""), notify.Drop, ""},
			{time.Minute, of(notify.SiteHeld, 0, "3 failed"), notify.Tell, ""},
		}},
		"who does not want to hear of recoveries hears of live ones": {at, notify.Policy{Wanted: []notify.Type{notify.ReleaseLive}}, []step{
			{0, of(failed, 1, ""), notify.Drop, ""}, {0, of(notify.ReleaseLive, 2, ""), notify.Tell, notify.ReleaseLive},
		}},
		"a message that a release has changes with it, in quiet hours too": {at, notify.Policy{Updates: true, Wanted: append(slices.Clip(usual(t)), notify.ReleaseStarted), Quiet: quiet(t, "14:10-15:00")}, []step{
			{0, of(notify.ReleaseStarted, 1, ""), notify.Tell, ""},
			{10 * time.Minute, of(failed, 1, "x"), notify.Update, ""},
			{time.Minute, of(notify.ReleaseStarted, 2, ""), notify.Join, ""},
			{time.Minute, of(failed, 2, "x"), notify.Drop, ""},
		}},
		"in quiet hours only what may is told": {night, notify.Policy{Quiet: quiet(t, "22:00-07:00"), Through: []notify.Type{notify.SiteHeld}}, []step{
			{0, of(failed, 1, "x"), notify.Join, ""},
			{0, of(notify.SiteHeld, 0, "x"), notify.Tell, ""},
			{time.Hour, of(notify.ReleaseLive, 2, ""), notify.Join, notify.ReleaseRecovered},
			{7*time.Hour - time.Second, of("site.rollback", 0, ""), notify.Join, ""},
			{time.Second, notify.Fact{}, noVerdict, ""},
			{0, of(notify.ReleaseLive, 3, ""), notify.Tell, ""},
		}},
		"many become a digest, soon when something is wrong": {at, notify.Policy{}, []step{
			{0, of(notify.ReleaseLive, 1, ""), notify.Tell, ""},
			{0, of(notify.ReleaseLive, 2, ""), notify.Tell, ""},
			{0, of(notify.ReleaseLive, 3, ""), notify.Tell, ""},
			{0, of(notify.ReleaseLive, 4, ""), notify.Tell, ""},
			{0, of(notify.ReleaseLive, 5, ""), notify.Tell, ""},
			{0, of(notify.ReleaseLive, 6, ""), notify.Tell, ""},
			{time.Minute, of(notify.ReleaseLive, 7, ""), notify.Join, ""},
			{time.Minute, of(failed, 8, "x"), notify.Join, ""},
			{notify.TroubleWait, notify.Fact{}, noVerdict, ""},
			{notify.ManySpan, of(notify.ReleaseLive, 9, ""), notify.Tell, notify.ReleaseRecovered},
		}},
		"who asked is told in quiet hours, once for the same": {night, notify.Policy{Quiet: quiet(t, "22:00-07:00")}, []step{
			{0, asker, notify.Tell, ""}, {time.Minute, asker, notify.Drop, ""},
		}},
		"a clock that was put back stops nothing": {at, notify.Policy{}, []step{
			{0, of(failed, 1, "x"), notify.Tell, ""}, {-48 * time.Hour, of(failed, 2, "x"), notify.Tell, ""},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.policy.Wanted == nil {
				c.policy.Wanted = usual(t)
			}
			var m notify.Memory
			now := c.begin
			for i, s := range c.steps {
				now = now.Add(s.after)
				due, waits := c.policy.DigestAt(m, now)
				if isDue := waits && !due.After(now); isDue != (s.want == noVerdict) {
					t.Fatalf("step %d: a digest is due: %v (at %s)", i, isDue, due)
				}
				if s.want == noVerdict {
					m, _ = c.policy.Sum(m, site, now)
					continue
				}
				var f notify.Fact
				var got notify.Verdict
				m, f, got = c.policy.Decide(m, s.fact, now)
				if got != s.want || s.as != "" && f.Type != s.as || s.as == "" && f.Type != s.fact.Type {
					t.Errorf("step %d: %s of #%v is %s as %s, want %s", i, s.fact.Type, s.fact.Release, got, f.Type, s.want)
				}
			}
		})
	}
}

func TestALongQueueIsToldOnceUntilItIsShort(t *testing.T) {
	p := notify.Policy{Wanted: usual(t)}
	var m notify.Memory
	for i, c := range []struct {
		after  time.Duration
		count  int64
		oldest time.Duration
		want   notify.Verdict
	}{
		{0, 3, 59 * time.Minute, ""},
		{time.Minute, 3, time.Hour, notify.Tell},
		{time.Minute, 4, 61 * time.Minute, notify.Drop},
		{time.Minute, 0, 0, ""},
		{time.Hour, 1, time.Hour, notify.Tell},
		{24 * time.Hour, 1, 25 * time.Hour, notify.Tell},
	} {
		now := at.Add(time.Duration(i) * time.Minute).Add(c.after)
		if i == 5 {
			now = at.Add(26 * time.Hour)
		}
		next, f, long := p.Queue(m, site, release.Group{Count: c.count, First: now.Add(-c.oldest)}, time.Hour, now)
		m = next
		got := notify.Verdict("")
		if long {
			m, _, got = p.Decide(m, f, now)
			if !strings.Contains(f.Text(), "wait too long: ") {
				t.Errorf("it is told as %q", f.Text())
			}
		}
		if got != c.want {
			t.Errorf("look %d: %q, want %q", i, got, c.want)
		}
	}
}

// TestNobodyIsFloodedAndNothingIsLost decides on anything in any order: what is wanted
// is told, joins a digest, or repeats what was said; quiet hours are quiet; what went
// wrong is told within a minute outside of them; what is remembered has a bound.
func TestNobodyIsFloodedAndNothingIsLost(t *testing.T) {
	types := append(notify.Types(), notify.ReleaseLive, failed, notify.SiteHeld)
	rapid.Check(t, func(t *rapid.T) {
		p := notify.Policy{Wanted: usualOf(), Updates: rapid.Bool().Draw(t, "updates"), Through: []notify.Type{notify.SiteHeld}}
		if rapid.Bool().Draw(t, "quiet hours") {
			p.Quiet = night()
		}
		var m notify.Memory
		now := at
		var sent []time.Time
		for i := range rapid.IntRange(1, 80).Draw(t, "facts") {
			// As the server does: it looks whenever a digest is due.
			later := now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "seconds")) * time.Second)
			for {
				due, waits := p.DigestAt(m, now)
				if !waits || due.After(later) {
					break
				}
				if due.After(now) {
					now = due
				}
				if again, _ := p.DigestAt(m, now); again.After(now) { // one quiet window after another
					continue
				}
				m, _ = p.Sum(m, site, now)
				sent = append(sent, now)
			}
			now = later
			f := of(rapid.SampledFrom(types).Draw(t, "type"), 0, rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "why"))
			if strings.HasPrefix(string(f.Type), "release.") {
				f = of(f.Type, int64(i/3+1), f.Why)
			}
			f.At = now
			isQuiet := len(p.Quiet.Windows) > 0 && !p.Quiet.OpenUntil(now).IsZero()
			before := m.String()
			next, told, verdict := p.Decide(m, f, now)
			if m.String() != before {
				t.Fatal("deciding changed what was remembered before")
			}
			m = next
			switch verdict {
			case notify.Tell:
				sent = append(sent, now)
				if isQuiet && !slices.Contains(p.Through, told.Type) {
					t.Fatalf("%s was told at %s", told.Type, now)
				}
			case notify.Join:
				due, _ := p.DigestAt(m, now)
				if _, d := p.Sum(m, site, now); len(d.Lines) == 0 || d.Lines[len(d.Lines)-1].Text != told.Text() {
					t.Fatalf("%q joined a digest that does not have it", told.Text())
				}
				if notify.Trouble(told.Type) && !isQuiet && due.Sub(now) > time.Minute {
					t.Fatalf("%s waits until %s", told.Type, due)
				}
			case notify.Update:
				if !p.Updates || told.Release == nil {
					t.Fatal("what has no message was to change")
				}
			case notify.Drop:
			}
			if len(m.String()) > 64<<10 || len(m.Recent) > 2*notify.Many+20 {
				t.Fatalf("it remembers %d bytes", len(m.String()))
			}
			if again, err := notify.ReadMemory(m.String()); err != nil || again.String() != m.String() {
				t.Fatalf("it is not the same when it is read again: %v", err)
			}
		}
		for i := range sent {
			if i >= 2*notify.Many+20 && sent[i].Sub(sent[i-2*notify.Many-20]) < notify.ManySpan {
				t.Fatalf("%d messages came within %s", 2*notify.Many+20, notify.ManySpan)
			}
		}
	})
}

func usualOf() []notify.Type {
	k, _ := notify.FindKind("teams")
	return k.Usual
}

func night() calendar.Schedule {
	s := calendar.Schedule{Zone: time.UTC}
	for _, text := range []string{"22:00-07:00", "Sat,Sun 00:00-24:00"} {
		w, err := calendar.ParseWindow(text)
		if err != nil {
			panic(err) // the test's own
		}
		s.Windows = append(s.Windows, w)
	}
	return s
}

func TestADigestHasTheLastWordOnEachAndABound(t *testing.T) {
	p := notify.Policy{Wanted: notify.Types(), Quiet: quiet(t, "00:00-24:00")}
	var m notify.Memory
	for i := range int64(60) {
		for _, what := range []notify.Type{notify.ReleaseStarted, notify.ReleaseLive} {
			m, _, _ = p.Decide(m, of(what, i+1, ""), at)
		}
	}
	m, _, _ = p.Decide(m, of(notify.SiteHeld, 0, "x"), at)
	m, _, _ = p.Decide(m, of("site.hold_lifted", 0, ""), at)
	_, f := p.Sum(m, site, at)
	if len(f.Lines) != 25 || f.More != 36 || f.Lines[23].Text != "Release #60 of Riverside is live." || f.Lines[24].Type != "site.hold_lifted" {
		t.Errorf("%d lines, %d more, the last two %v", len(f.Lines), f.More, f.Lines[len(f.Lines)-2:])
	}
	if got := f.Text(); got != fmt.Sprintf("%d notices of Riverside in the meantime.", 61) {
		t.Error(got)
	}
}
