package view

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// Short is the state of a site or one entry, in a few words for a corner of another page:
// "live since 14:02 EST".
type Short struct {
	// State is live, going, waiting, scheduled, stopped or none.
	State, Text string
}

// Short reads the state of a site, or of one entry.
func (r *Reader) Short(ctx context.Context, name, entity string) (v Short, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		site, err := siteOf(ctx, r, s, name)
		if err != nil {
			return err
		}
		if entity == "" {
			v = site.Short()
			return nil
		}
		v, err = shortOf(ctx, s, site, entity)
		return err
	})
	return v, err
}

func shortOf(ctx context.Context, s *ledger.Snapshot, site Site, entity string) (Short, error) {
	asked, err := s.RequestAbout(ctx, site.Site, entity)
	none := errors.Is(err, ledger.ErrNotFound)
	if err != nil && !none {
		return Short{}, err
	}
	changes, err := s.PendingChanges(ctx, site.Site, ledger.MaxChanges)
	if err != nil {
		return Short{}, err
	}
	for _, c := range changes {
		if c.Entity == entity && c.ChangedAt.After(asked.AcceptedAt) {
			return Short{"waiting", site.Language.Say("changed, waits for the next release")}, nil
		}
	}
	if none {
		return Short{"none", site.Language.Say("no release was asked for")}, nil
	}
	return site.request(asked.Request, asked.Resolution).Short(), nil
}

// Short is the state of the site in a few words.
func (v Site) Short() Short {
	l := v.Language
	switch c := v.Condition(); c {
	case Held, Paused, Frozen, Retrying, Differs, RolledBack, Misconfigured, Gone:
		return Short{"stopped", c.because(l)}
	case Queued:
		return Short{"waiting", l.Say("waiting: %s", c.because(l))}
	case Late:
		return Short{"going", l.Say("late")}
	}
	switch {
	case v.State != release.Ready && v.State != release.Complete:
		return going(l, v.CurrentExpected(), v.Now)
	case v.NowLive().Number == 0:
		return Short{"none", l.Say("nothing released yet")}
	}
	return Short{"live", l.Say("live since %s", v.Clock().Minute(v.NowLive().Times.Complete))}
}

// Short is the state of the request in a few words.
func (v Request) Short() Short {
	c, l := v.Of.Clock(), v.Of.Language
	switch v.Resolution.Status {
	case release.Live:
		return Short{"live", l.Say("live since %s", c.Minute(v.Resolution.LiveAt))}
	case release.WasLive:
		return Short{"stopped", l.Say("no longer live")}
	case release.Withdrawn:
		return Short{"none", l.Say("withdrawn")}
	case release.Scheduled:
		return Short{"scheduled", l.Say("goes out at %s", c.Minute(v.NotBefore))}
	case release.Waiting, release.InRelease:
	}
	switch stop := v.Condition(); stop {
	case Held, Paused, Frozen, Retrying, Differs, RolledBack, Queued, Misconfigured, Gone:
		return Short{"waiting", l.Say("waiting: %s", stop.because(l))}
	case Late:
		return Short{"going", l.Say("late")}
	}
	if v.Resolution.Status == release.Waiting && v.Expected.IsZero() {
		return Short{"waiting", l.Say("waiting")}
	}
	return going(l, v.Expected, v.Of.Now)
}

// going says when a release on its way should be live.
func going(l words.Language, expected, now time.Time) Short {
	wait := expected.Sub(now)
	switch minutes := int(math.Ceil(wait.Minutes())); {
	case expected.IsZero():
		return Short{"going", l.Say("going out")}
	case minutes <= 1:
		return Short{"going", l.Say("going out in a moment")}
	default:
		return Short{"going", l.Say("going out in about %d min", minutes)}
	}
}
