package cms

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/demo/content"
)

// statusTimeout bounds how long a page waits for the StatusSource; past it the
// page says that it does not know.
const statusTimeout = 2 * time.Second

// shownChanges is how many changes the list page shows.
const shownChanges = 6

// badge is the mark beside an article or a change. Kind picks the
// colour; the label says the same in words.
type badge struct {
	Kind    string // draft, published, waiting, live or delayed
	Label   string
	Text    string
	Pending bool // will change by itself
}

// answer is the StatusSource's answer about one change.
type answer struct {
	state, text string
	err         error
}

// changeBadge shows a change's state.
func changeBadge(e entry, got answer, known bool) badge {
	switch {
	case !e.Live.IsZero():
		return badge{Kind: "live", Label: "Live", Text: e.Text}
	case e.Sent.IsZero() && e.Attempts == 0:
		return badge{Kind: "waiting", Label: waitingLabel(e.Action), Text: "Being handed to Pressrun.", Pending: true}
	case e.Sent.IsZero():
		text := fmt.Sprintf("Saved here. Pressrun could not be reached (%d tries); trying again by itself.", e.Attempts)
		return badge{Kind: "delayed", Label: waitingLabel(e.Action), Text: text, Pending: true}
	case !known:
		return badge{Kind: "published", Label: "Sent", Text: "Handed to Pressrun."}
	case got.err != nil:
		return badge{Kind: "waiting", Label: waitingLabel(e.Action), Text: "Handed to Pressrun, which does not answer just now.", Pending: true}
	case got.state == StateFailed:
		return badge{Kind: "delayed", Label: "Delayed", Text: got.text, Pending: true}
	default:
		return badge{Kind: "waiting", Label: waitingLabel(e.Action), Text: got.text, Pending: true}
	}
}

func waitingLabel(action string) string {
	if action == ActionUnpublish || action == ActionDelete {
		return "Waiting to be taken down"
	}
	return "Waiting to go live"
}

// articleBadge says whether the public sees the article as it is here. e is
// the article's last change, nil if none is known.
func articleBadge(r record, e *entry, b badge) badge {
	draft := r.Status == content.Draft
	switch {
	case e == nil && draft, draft && !e.Live.IsZero():
		return badge{Kind: "draft", Label: "Draft", Text: "Not on the public site."}
	case e == nil:
		return badge{Kind: "published", Label: "Published", Text: "For the next release."}
	}
	return b
}

// progress asks the StatusSource about the given changes, all at once, and
// notes those that are live: once live is live for ever, so they are not asked
// about again.
func (c *CMS) progress(ctx context.Context, ids []string) map[string]answer {
	if c.opts.Status == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	answers := make(map[string]answer, len(ids))
	for _, id := range ids {
		wg.Go(func() {
			state, text, err := c.opts.Status.Status(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			answers[id] = answer{state: state, text: text, err: err}
		})
	}
	wg.Wait()
	c.noteLive(ctx, answers)
	return answers
}

func (c *CMS) noteLive(ctx context.Context, answers map[string]answer) {
	live := func(id string) bool { got := answers[id]; return got.err == nil && got.state == StateLive }
	var fresh []string
	for id, got := range answers {
		if got.err != nil {
			c.log.WarnContext(ctx, "status of a content change not known", "change", id, "error", got.err)
		}
		if live(id) {
			fresh = append(fresh, id)
		}
	}
	if len(fresh) == 0 {
		return
	}
	err := c.store.note(func(s *state) {
		for _, id := range fresh {
			if i := s.change(id); i >= 0 {
				s.Changes[i].Live, s.Changes[i].Text = time.Now().UTC(), answers[id].text
			}
		}
	})
	if err != nil {
		c.log.ErrorContext(ctx, "live changes not noted; they will be asked about again", "error", err)
	}
}

// overview is the state together with the badges of its changes.
type overview struct {
	state   state
	badges  map[string]badge // by change id
	entries map[string]*entry
}

// overview asks only about the changes that the pages show: the last one of each
// article, and the latest few.
func (c *CMS) overview(ctx context.Context) overview {
	ids := c.store.read().unsettled()
	answers := c.progress(ctx, ids)
	now := c.store.read()
	view := overview{state: now, badges: map[string]badge{}, entries: map[string]*entry{}}
	for i := range now.Changes {
		e := &now.Changes[i]
		view.entries[e.ID] = e
		view.badges[e.ID] = changeBadge(*e, answers[e.ID], c.opts.Status != nil)
	}
	return view
}

func (v overview) article(r record) badge {
	return articleBadge(r, v.entries[r.ChangeID], v.badges[r.ChangeID])
}

// unsettled lists the shown changes that are delivered and not known as live.
func (s state) unsettled() []string {
	shown := map[string]bool{}
	for _, r := range s.Articles {
		shown[r.ChangeID] = true
	}
	var ids []string
	for i, e := range s.Changes {
		recent := i >= len(s.Changes)-shownChanges
		if (recent || shown[e.ID]) && !e.Sent.IsZero() && e.Live.IsZero() {
			ids = append(ids, e.ID)
		}
	}
	return ids
}
