package notices

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/text"
)

const (
	// handOffTried is for how long a hand-off is tried: what waits behind it waits too, and
	// a receiver may be away for a weekend.
	handOffTried = 72 * time.Hour
	// mostHandedOff bounds among how many requests of a release the entries are looked for.
	mostHandedOff = 5000
	// mostAnswerKept is how much of a receiver's answer is kept, in characters.
	mostAnswerKept = 500
)

// tried is for how long a notice of the target is tried.
func (t *target) tried() time.Duration {
	if t.kind.HandsOff {
		return handOffTried
	}
	return Tried
}

// handOff is what an event hands off.
func (t *target) handOff(ctx context.Context, s *ledger.Snapshot, e ledger.Event) ([]ledger.Notice, error) {
	record, of, err := recordOf(ctx, s, e)
	if err != nil {
		return nil, err
	}
	what := notify.HandOff(record, of)
	if what == "" {
		return nil, nil
	}
	fact := notify.Fact{Event: e.ID, Type: what, At: e.At, Site: t.site, Release: of}
	if what == notify.ContentLive {
		served, err := s.RequestsInLine(ctx, t.Site, of.After, of.Upto, mostHandedOff)
		if err != nil {
			return nil, err
		}
		fact.Requests = of.Upto - of.After
		for _, r := range served {
			fact.Served = append(fact.Served, requestOf(r))
		}
	}
	return t.add(nil, fact)
}

// tellLate tells once when a receiver is late with what it is handed, and once when it no
// longer is.
func (t *target) tellLate(ctx context.Context, now time.Time) error {
	handed, err := t.ledger.Handed(ctx, t.NoticeTarget)
	if err != nil {
		return err
	}
	t.lateAt = time.Time{}
	if !handed.Oldest.IsZero() {
		t.lateAt = handed.Oldest.Add(t.late)
	}
	late := !t.lateAt.IsZero() && !now.Before(t.lateAt)
	if late == !handed.Late.IsZero() {
		return nil
	}
	why := fmt.Sprintf("%s takes what it is handed again", t.Name)
	if late {
		why = fmt.Sprintf("%s has not taken what went live at %s", t.Name, handed.Oldest.UTC().Format(time.RFC3339))
	}
	return t.lines.Late(ctx, t.NoticeTarget, late, why)
}

// handSender hands off what went live to a web address.
type handSender struct {
	to     ledger.NoticeTarget
	ledger Ledger
	web    *webSender
	dry    bool
}

func newHandSender(o Options, kind notify.Kind, to ledger.NoticeTarget, c config.Target) (*handSender, error) {
	web, err := newWebSender(o, kind, c)
	return &handSender{to: to, ledger: o.Ledger, web: web, dry: c.DryRun}, err
}

func (s *handSender) close() { s.web.close() }

// send sends with a watermark that is no lower than what the receiver has taken. In a dry
// run only tests are sent, and nothing counts as taken up to anywhere.
func (s *handSender) send(ctx context.Context, one ledger.Notice) outcome {
	switch {
	case one.Type == string(notify.Test):
		return s.web.send(ctx, one)
	case s.dry:
		return outcome{taken: true, answer: "dry run: nothing was sent"}
	}
	handed, err := s.ledger.Handed(ctx, s.to)
	if err != nil {
		return outcome{trouble: text.Shorten(err.Error(), 300)}
	}
	var watermark time.Time
	if one.Body, watermark, err = notify.Raise(one.Body, handed.Watermark); err != nil {
		return outcome{trouble: err.Error(), over: true}
	}
	came := s.web.send(ctx, one)
	if came.taken {
		came.watermark = watermark
	}
	return came
}

// answered is what a target said in taking a notice, for people: plain, and shortened.
func answered(a outbound.Answer) string {
	return text.Shorten(strings.TrimSpace(text.OneLine(strings.ToValidUTF8(string(a.Body), ""))), mostAnswerKept)
}
