package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

const (
	hookPath = "/v1/github/webhooks"
	// newsEvery is how often waiting webhooks are looked for without a new
	// one having come: after a start, or an error.
	newsEvery = 10 * time.Second
	// redeliverEvery is how often GitHub is asked what did not arrive.
	redeliverEvery = 5 * time.Minute
	// keepDeliveries is for how long a webhook's id is known: GitHub sends
	// none again that is older than 7 days (GHES).
	keepDeliveries = 8 * 24 * time.Hour
	newsBatch      = 200
)

// deliveryID is what X-GitHub-Delivery looks like.
var deliveryID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// usualHook is more than nearly every webhook has, in bytes. Larger ones are
// read a few at a time: a body is held whole before its signature can be
// judged, and strangers must not fill the memory with such bodies.
const usualHook = 1 << 20

var largeHooks = make(chan struct{}, 4)

// smallHook is what most webhooks fit in, in bytes. Room for as much is made
// before the body comes, and kept for the next one: half of the garbage that
// webhooks made were their bodies, each in many sizes as it was growing.
const smallHook = 64 << 10

var hookBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// giveBack keeps a body's room for the next one, unless it is a large one.
func giveBack(buf *bytes.Buffer) {
	if buf.Cap() > 2*smallHook {
		return
	}
	buf.Reset()
	hookBuffers.Put(buf)
}

// takeHook takes a webhook of GitHub's: checked, kept on disk, acknowledged.
// What comes of it comes later, so that GitHub never waits: it gives up after
// 10 seconds.
func (a *App) takeHook(w http.ResponseWriter, r *http.Request) {
	link := a.github.link.Load()
	if link == nil || len(link.secrets) == 0 {
		http.Error(w, "this app takes no webhooks: no secret is configured", http.StatusNotFound)
		return
	}
	if r.Header.Get("X-Hub-Signature-256") == "" { // nothing is read for who can't be GitHub
		http.Error(w, githubapp.VerifyWebhook(r.Header, nil, link.secrets).Error(), http.StatusUnauthorized)
		return
	}
	if r.ContentLength < 0 || r.ContentLength > usualHook {
		select {
		case largeHooks <- struct{}{}:
			defer func() { <-largeHooks }()
		default:
			http.Error(w, "other large webhooks are being read; send it again", http.StatusServiceUnavailable)
			return
		}
	}
	readWithin(w, bodyLimit)
	buf, _ := hookBuffers.Get().(*bytes.Buffer)
	defer giveBack(buf)
	buf.Grow(int(min(max(r.ContentLength, 0), smallHook)) + bytes.MinRead)
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, githubapp.MaxWebhook))
	body := buf.Bytes()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		http.Error(w, "a webhook has at most 25 MiB", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the webhook did not arrive whole", http.StatusBadRequest)
		return
	}
	if err := githubapp.VerifyWebhook(r.Header, body, link.secrets); err != nil {
		a.log.Warn("a webhook was refused", "error", err, "delivery", r.Header.Get("X-GitHub-Delivery"))
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	id := r.Header.Get("X-GitHub-Delivery")
	news, err := githubapp.ParseWebhook(r.Header.Get("X-GitHub-Event"), body)
	if err != nil || !deliveryID.MatchString(id) {
		http.Error(w, "the webhook can't be read", http.StatusBadRequest)
		return
	}
	if err := a.keepHook(r.Context(), id, news); err != nil {
		logUnlessGone(r.Context(), a.log, slog.LevelError, "a webhook can't be kept", "error", err)
		http.Error(w, "the webhook can't be kept now; send it again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (a *App) keepHook(ctx context.Context, id string, news githubapp.Webhook) error {
	switch news.Event {
	case "workflow_run", "workflow_job", "installation", "installation_repositories", githubapp.EventProtectionRule:
	default:
		return nil // ping, and all that we did not ask for
	}
	if news.Event == githubapp.EventProtectionRule {
		if link := a.github.link.Load(); link == nil {
			return nil
		} else if _, ok := link.runner.ApprovalOf(news); !ok {
			return nil // not ours to answer
		}
	}
	if news.Change != nil {
		a.github.onlySites(news.Change)
	}
	if link := a.github.link.Load(); news.Repository != "" && link != nil && len(link.runner.Sites(news.Repository, news.Workflow)) == 0 {
		return nil // of a workflow that is no site's
	}
	doc, err := json.Marshal(news)
	if err != nil {
		return fmt.Errorf("write the webhook: %w", err)
	}
	fresh, err := a.ledger.PutDelivery(ctx, ledger.Delivery{
		ID: id, Event: news.Event, Doc: string(doc), Run: news.Run.ID, Attempt: news.Run.Attempt, Stage: githubapp.StageOf(news.Status),
	})
	if err != nil || !fresh {
		return err
	}
	select {
	case a.github.news <- struct{}{}:
	default:
	}
	return nil
}

// tend does what GitHub's side needs done over time, until the app stops.
func (g *github) tend() {
	ctx := g.app.stop
	look, ask := time.NewTicker(newsEvery), time.NewTicker(redeliverEvery)
	defer look.Stop()
	defer ask.Stop()
	for {
		if err := g.readNews(ctx); err != nil && ctx.Err() == nil {
			g.app.log.Error("webhooks can't be processed and are tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-g.news:
		case <-look.C:
		case <-ask.C:
			g.askForMissed(ctx)
		}
	}
}

func (g *github) askForMissed(ctx context.Context) {
	if err := g.app.ledger.Forget(ctx, ledger.Now().Add(-keepDeliveries)); err != nil && ctx.Err() == nil {
		g.app.log.Warn("old webhooks can't be dropped", "error", err)
	}
	link := g.link.Load()
	if link == nil || len(link.secrets) == 0 || !link.runner.IsApp() {
		return
	}
	sent, err := link.runner.Redeliver(ctx, g.app.ledger.DeliveryProcessed)
	if err != nil && ctx.Err() == nil {
		g.app.log.Warn("GitHub can't be asked for webhooks that did not arrive", "error", err)
	}
	if sent > 0 {
		g.app.log.Info("GitHub sends webhooks again that did not arrive", "count", sent)
	}
}

// readNews processes the webhooks that wait, in the order in which they came.
func (g *github) readNews(ctx context.Context) error {
	for {
		waiting, err := g.app.ledger.WaitingDeliveries(ctx, newsBatch)
		if err != nil || len(waiting) == 0 {
			return err
		}
		if err := g.readSome(ctx, waiting); err != nil {
			return err
		}
	}
}

// readSome processes webhooks. What was told of each attempt of a run counts at
// once, though it is noted on disk for all of them together: a webhook may be
// processed twice, but none is passed over.
func (g *github) readSome(ctx context.Context, waiting []ledger.Delivery) error {
	told := stages{}
	var done []string
	for _, d := range waiting {
		if err := g.read(ctx, d, told); err != nil {
			return errors.Join(err, g.app.ledger.DeliveriesDone(ctx, done...))
		}
		done = append(done, d.ID)
	}
	return g.app.ledger.DeliveriesDone(ctx, done...)
}

// stages are the highest that webhooks told of attempts of runs.
type stages map[attempt]int

type attempt struct {
	run    string
	number int
}

// passes says whether a webhook tells of an attempt what is not older than what
// is known of it, and counts it if so. On disk is looked once for each attempt.
func (s stages) passes(ctx context.Context, l *ledger.Ledger, d ledger.Delivery) (bool, error) {
	of := attempt{d.Run, d.Attempt}
	stage, ok := s[of]
	if !ok {
		var err error
		if stage, err = l.DeliveryStage(ctx, d.Run, d.Attempt); err != nil {
			return false, err
		}
	}
	s[of] = max(stage, d.Stage)
	return d.Stage >= stage, nil
}

func (g *github) read(ctx context.Context, d ledger.Delivery, told stages) error {
	link := g.link.Load()
	var news githubapp.Webhook
	if err := json.Unmarshal([]byte(d.Doc), &news); err != nil || link == nil {
		g.app.log.Error("a kept webhook can't be used", "delivery", d.ID, "error", err)
		return nil // it will not get better
	}
	if news.Repository == "" {
		return g.installationChanged(ctx, link, news)
	}
	if gate, ok := link.runner.ApprovalOf(news); ok {
		return g.gates.add(gate, ledger.Now())
	}
	// What is older than what is known of this attempt says nothing any more.
	if passes, err := told.passes(ctx, g.app.ledger, d); err != nil || !passes {
		return err
	}
	for _, name := range link.runner.Sites(news.Repository, news.Workflow) {
		if err := g.tell(ctx, link, name, news); err != nil {
			return err
		}
	}
	return nil
}

// tell brings a webhook's news before the rules of a site, if it is about the
// site's run.
func (g *github) tell(ctx context.Context, link *githubLink, name string, news githubapp.Webhook) error {
	site, err := g.app.ledger.Site(ctx, name)
	if err != nil {
		return err
	}
	cur := site.Current
	if cur.Run.ID == "" && githubapp.HasToken(news.Title, cur.Dispatch.Token) {
		// Faster than the dispatch's own answer, or in its place.
		if err := g.app.inbox.Accept(ctx, name, release.DispatchConfirmed{Token: cur.Dispatch.Token, Run: news.Run}); err != nil {
			return err
		}
		cur.Run = news.Run
	}
	if cur.Run.ID != news.Run.ID {
		return nil
	}
	event := news.RunStatus().Event()
	if ended, ok := event.(release.RunEnded); ok {
		// GitHub's API knows more than the webhook, such as the failed step.
		// Where it lags behind, the webhook counts.
		if known, err := link.runner.LookUp(ctx, name, cur.Number, news.Run); err == nil {
			if fuller, ok := known.(release.RunEnded); ok && fuller.Run.Attempt == ended.Run.Attempt {
				event = fuller
			}
		}
	}
	return g.app.inbox.Accept(ctx, name, event)
}
