package github

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

// WebhookPath is the path to which GitHub sends webhooks.
const WebhookPath = "/v1/github/webhooks"

const (
	// bodyLimit is how long a webhook may take to arrive.
	bodyLimit = 30 * time.Second
	// lookEvery is how often waiting webhooks are looked for although none arrived: after
	// a start, or an error.
	lookEvery = 10 * time.Second
	// lookForReplicas is how often webhooks are looked for that other replicas took in.
	lookForReplicas = time.Second
	// redeliverEvery is how often GitHub is asked for webhooks that did not arrive.
	redeliverEvery = 5 * time.Minute
	// keepDeliveries is how long a webhook's id is stored: GitHub sends none again that
	// is older than 7 days (GHES).
	keepDeliveries = 8 * 24 * time.Hour
	batch          = 200
)

// webhooks takes GitHub's webhooks in and acts on them.
type webhooks struct {
	connection *connection
	ledger     *ledger.Ledger
	log        *slog.Logger
	accept     func(ctx context.Context, site string, event release.Event) error
	approvals  *approvals
	previews   *previewing
	names      *names
	arrived    chan struct{} // a webhook was stored
	processed  func(stamped, received, processed time.Time)
}

// deliveryID is what X-GitHub-Delivery looks like.
var deliveryID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// usualWebhook bounds the webhooks that are read without a limit on their number, in bytes.
// Larger ones, which are rare, are read a few at a time: a whole body is in memory before its
// signature can be checked, and strangers must not fill the memory with such bodies.
const usualWebhook = 1 << 20

var largeWebhooks = make(chan struct{}, 4)

// smallWebhook is larger than most webhooks, in bytes. A buffer begins with as much as the
// body needs, up to this, and is reused: half of the garbage of webhooks were buffers that
// grew in many steps.
const smallWebhook = 64 << 10

var webhookBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// giveBack keeps a buffer for the next webhook, unless it is a large one.
func giveBack(buf *bytes.Buffer) {
	if buf.Cap() > 2*smallWebhook {
		return
	}
	buf.Reset()
	webhookBuffers.Put(buf)
}

// ServeHTTP accepts a webhook of GitHub's: it checks it, stores it and acknowledges it. The
// webhook is processed later, so that GitHub does not wait: it gives up after 10 seconds.
func (h *webhooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	link := h.connection.link.Load()
	if link == nil || len(link.secrets) == 0 {
		http.Error(w, "this app takes no webhooks: no secret is configured", http.StatusNotFound)
		return
	}
	if r.Header.Get("X-Hub-Signature-256") == "" { // the body of a stranger is not read
		http.Error(w, githubapp.VerifyWebhook(r.Header, nil, link.secrets).Error(), http.StatusUnauthorized)
		return
	}
	if r.ContentLength < 0 || r.ContentLength > usualWebhook {
		select {
		case largeWebhooks <- struct{}{}:
			defer func() { <-largeWebhooks }()
		default:
			http.Error(w, "other large webhooks are being read; send it again", http.StatusServiceUnavailable)
			return
		}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyLimit)) // a test's recorder has none
	buf, _ := webhookBuffers.Get().(*bytes.Buffer)
	defer giveBack(buf)
	buf.Grow(int(min(max(r.ContentLength, 0), smallWebhook)) + bytes.MinRead)
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
		h.log.Warn("a webhook was refused", "error", err, "delivery", r.Header.Get("X-GitHub-Delivery"))
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	id := r.Header.Get("X-GitHub-Delivery")
	hook, err := githubapp.ParseWebhook(r.Header.Get("X-GitHub-Event"), body)
	if err != nil || !deliveryID.MatchString(id) {
		http.Error(w, "the webhook can't be read", http.StatusBadRequest)
		return
	}
	if err := h.keep(r.Context(), id, hook); err != nil {
		if r.Context().Err() == nil { // else the sender has gone, and that is no fault
			h.log.Error("a webhook can't be stored", "error", err)
		}
		http.Error(w, "the webhook can't be kept now; send it again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (h *webhooks) keep(ctx context.Context, id string, hook githubapp.Webhook) error {
	switch hook.Event {
	case githubapp.EventRepository:
		h.names.hear(hook)
		return nil // a hint to look: GitHub's API is the authority
	case "workflow_run", "workflow_job", "installation", "installation_repositories", githubapp.EventProtectionRule:
	case githubapp.EventComment, githubapp.EventPull:
		if !h.previews.concern(hook) {
			return nil
		}
	default:
		return nil // ping, and events that the App did not subscribe to
	}
	if hook.Event == githubapp.EventProtectionRule {
		if link := h.connection.link.Load(); link == nil {
			return nil
		} else if _, ok := link.runner.Approvals().Of(hook); !ok {
			return nil // no site waits for this App's approval
		}
	}
	if hook.Change != nil {
		h.onlySites(hook.Change)
	}
	if link := h.connection.link.Load(); hook.Repository != "" && link != nil {
		of, err := h.names.sitesOf(ctx, link, hook)
		if err != nil {
			return err
		}
		if len(of) == 0 && !h.previews.carry(hook) {
			return nil // about a workflow that is no site's
		}
	}
	doc, err := json.Marshal(hook)
	if err != nil {
		return fmt.Errorf("write the webhook: %w", err)
	}
	fresh, err := h.ledger.Deliveries().Put(ctx, ledger.Delivery{
		ID: id, Event: hook.Event, Doc: string(doc), Run: hook.Run.ID, Attempt: hook.Run.Attempt, Stage: githubapp.StageOf(hook.Status),
	})
	if err != nil || !fresh {
		return err
	}
	select {
	case h.arrived <- struct{}{}:
	default:
	}
	return nil
}

// process processes the accepted webhooks, and asks GitHub for those that did not arrive,
// until ctx ends.
func (h *webhooks) process(ctx context.Context) {
	every := lookEvery
	if h.ledger.Shared() {
		every = lookForReplicas
	}
	look, ask := time.NewTicker(every), time.NewTicker(redeliverEvery)
	defer look.Stop()
	defer ask.Stop()
	for {
		if err := h.readWaiting(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("webhooks can't be processed and are tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-h.arrived:
		case <-look.C:
		case <-ask.C:
			h.askForMissed(ctx)
		}
	}
}

func (h *webhooks) askForMissed(ctx context.Context) {
	if err := h.ledger.Deliveries().Forget(ctx, ledger.Now().Add(-keepDeliveries)); err != nil && ctx.Err() == nil {
		h.log.Warn("old webhooks can't be dropped", "error", err)
	}
	link := h.connection.link.Load()
	if link == nil || len(link.secrets) == 0 || !link.runner.IsApp() {
		return
	}
	sent, err := link.runner.Redeliver(ctx, h.ledger.Deliveries().Processed)
	if err != nil && ctx.Err() == nil {
		h.log.Warn("GitHub can't be asked for webhooks that did not arrive", "error", err)
	}
	if sent > 0 {
		h.log.Info("GitHub sends webhooks again that did not arrive", "count", sent)
	}
}

// readWaiting processes the webhooks that wait, in the order of their arrival. Before GitHub
// is set up here they go on waiting: another replica, which is set up, may have taken them.
func (h *webhooks) readWaiting(ctx context.Context) error {
	if h.connection.link.Load() == nil {
		return nil
	}
	for {
		waiting, err := h.ledger.Deliveries().Waiting(ctx, batch)
		if err != nil || len(waiting) == 0 {
			return err
		}
		if err := h.readSome(ctx, waiting); err != nil {
			return err
		}
	}
}

// readSome processes webhooks. It stores for all of them together that they are processed:
// after a crash some are processed twice, and none is lost. The stages of runs' attempts
// count from one webhook to the next at once.
func (h *webhooks) readSome(ctx context.Context, waiting []ledger.Delivery) error {
	reached := stages{}
	var done []string
	for _, d := range waiting {
		if err := h.read(ctx, d, reached); err != nil {
			return errors.Join(err, h.ledger.Deliveries().Done(ctx, done...))
		}
		done = append(done, d.ID)
		h.measure(d)
	}
	return h.ledger.Deliveries().Done(ctx, done...)
}

// measure reports how long a webhook was under way, and waited here.
func (h *webhooks) measure(d ledger.Delivery) {
	if h.processed == nil {
		return
	}
	var stamp struct{ At time.Time }
	if err := json.Unmarshal([]byte(d.Doc), &stamp); err != nil {
		stamp.At = time.Time{}
	}
	h.processed(stamp.At, d.Received, ledger.Now())
}

// stages are the highest stages of runs' attempts among the webhooks so far.
type stages map[attempt]int

type attempt struct {
	run    string
	number int
}

// passes says whether the stage in a webhook is not older than the highest known one of its
// attempt, and notes it. The ledger is read once for each attempt.
func (s stages) passes(ctx context.Context, l *ledger.Ledger, d ledger.Delivery) (bool, error) {
	of := attempt{d.Run, d.Attempt}
	stage, ok := s[of]
	if !ok {
		var err error
		if stage, err = l.Deliveries().Stage(ctx, d.Run, d.Attempt); err != nil {
			return false, err
		}
	}
	s[of] = max(stage, d.Stage)
	return d.Stage >= stage, nil
}

func (h *webhooks) read(ctx context.Context, d ledger.Delivery, reached stages) error {
	link := h.connection.link.Load()
	var hook githubapp.Webhook
	if err := json.Unmarshal([]byte(d.Doc), &hook); err != nil || link == nil {
		h.log.Error("a stored webhook can't be read", "delivery", d.ID, "error", err)
		return nil // another try would fail too
	}
	if hook.Repository == "" {
		return h.installationChanged(ctx, link, hook)
	}
	if run, ok := link.runner.Approvals().Of(hook); ok {
		return h.approvals.add(ctx, run)
	}
	if hook.Pull != 0 {
		return h.previews.receive(ctx, hook)
	}
	if h.previews.carry(hook) {
		if err := h.previews.nudge(ctx, hook); err != nil {
			return err
		}
	}
	// An older stage than the known one of the attempt has no meaning any more.
	if passes, err := reached.passes(ctx, h.ledger, d); err != nil || !passes {
		return err
	}
	of, err := h.names.sitesOf(ctx, link, hook)
	if err != nil {
		return err
	}
	for _, name := range of {
		if err := h.tell(ctx, link, name, hook); err != nil {
			return err
		}
	}
	return nil
}

// tell brings the event of a webhook before the rules of a site, if it is about the site's
// run.
func (h *webhooks) tell(ctx context.Context, to *link, name string, hook githubapp.Webhook) error {
	site, err := h.ledger.Site(ctx, name)
	if err != nil {
		return err
	}
	cur := site.Current
	if cur.Run.ID == "" && githubapp.HasToken(hook.Title, cur.Dispatch.Token) {
		// The webhook came before the answer to the dispatch, which may be lost.
		if err := h.accept(ctx, name, release.DispatchConfirmed{Token: cur.Dispatch.Token, Run: hook.Run}); err != nil {
			return err
		}
		cur.Run = hook.Run
	}
	if cur.Run.ID != hook.Run.ID {
		return nil
	}
	event := hook.RunStatus().Event()
	if ended, ok := event.(release.RunEnded); ok {
		// GitHub's API knows more than the webhook, such as the failed step. If the API
		// lags behind, the webhook counts.
		if known, err := to.runner.LookUp(ctx, name, cur.Number, hook.Run); err == nil {
			if fuller, ok := known.(release.RunEnded); ok && fuller.Run.Attempt == ended.Run.Attempt {
				event = fuller
			}
		}
	}
	return h.accept(ctx, name, event)
}
