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
	// handOffTried is how long a hand-off is tried. It is longer than that of other
	// notices, since a receiver may be away for a weekend and needs each one.
	handOffTried = 72 * time.Hour
	// mostHandedOff bounds the requests of a release whose entries are handed off.
	mostHandedOff = 5000
	// mostAnswerKept bounds the part of a receiver's answer that is stored, in characters.
	mostAnswerKept = 500
)

// tried is how long a notice of the target is tried.
func (t *target) tried() time.Duration {
	if t.kind.HandsOff {
		return handOffTried
	}
	return Tried
}

// handOff is the hand-off of an event; none for most events.
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

// noteLate records once that a receiver is late in taking hand-offs, and once that it no
// longer is.
func (t *target) noteLate(ctx context.Context, now time.Time) error {
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
	why := fmt.Sprintf("%s takes hand-offs again", t.Name)
	if late {
		why = fmt.Sprintf("%s has not taken the content that went live at %s", t.Name, handed.Oldest.UTC().Format(time.RFC3339))
	}
	return t.lines.Late(ctx, t.NoticeTarget, late, why)
}

// handSender hands content that went live off to a web address.
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

// send sends with a watermark that is no lower than the last one that the receiver took. In
// a dry run it sends tests alone, and the watermark stays.
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
	result := s.web.send(ctx, one)
	if result.taken {
		result.watermark = watermark
	}
	return result
}

// answered is the answer of a target that took a notice, for people: plain, and shortened.
func answered(a outbound.Answer) string {
	return text.Shorten(strings.TrimSpace(text.OneLine(strings.ToValidUTF8(string(a.Body), ""))), mostAnswerKept)
}
