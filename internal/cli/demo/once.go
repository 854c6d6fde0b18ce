package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/demo/cms"
	"github.com/pressrun/pressrun/internal/demo/content"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/sleep"
	"github.com/pressrun/pressrun/internal/text"
)

// OnceDocument is the output of `demo --once --json`.
type OnceDocument struct {
	// Outcome is succeeded or failed; Why says what went wrong.
	Outcome string `json:"outcome"`
	Why     string `json:"why,omitempty"`
	// URL is the public page of the edited article, Words what was written
	// into it, ReadBack whether they were then read there.
	URL      string `json:"url,omitempty"`
	Words    string `json:"words,omitempty"`
	ReadBack bool   `json:"read_back"`
	// RequestToLiveSeconds is the time from the moment the edit was sent to
	// the CMS until its words had been read at the public address.
	RequestToLiveSeconds float64     `json:"request_to_live_seconds"`
	Request              string      `json:"request,omitempty"`
	Release              int64       `json:"release,omitempty"`
	States               []onceState `json:"states,omitempty"`
}

// onceState is when the release of the edit entered a state.
type onceState struct {
	State string    `json:"state"`
	At    time.Time `json:"at"`
	// Seconds is counted from the edit.
	Seconds float64 `json:"seconds"`
}

// once makes one edit in the CMS and follows it to the public page.
func (c *Command) once(showing context.Context, t *terminal.Terminal, d *demo) error {
	ctx, cancel := context.WithTimeoutCause(showing, c.Timeout, errTooLong)
	defer cancel()
	say := func(string, ...any) {}
	if !c.JSON {
		say = func(format string, args ...any) { fmt.Fprintf(t.Out, format+"\n", args...) }
	}
	o := &once{demo: d, say: say, doc: OnceDocument{Outcome: string(release.Failed)}}
	err := o.play(ctx)
	if showing.Err() != nil {
		return showing.Err() // interrupted
	}
	if err == nil {
		o.doc.Outcome = string(release.Succeeded)
	} else {
		if errors.Is(context.Cause(ctx), errTooLong) {
			err = fmt.Errorf("it was not live within %s: %w", c.Timeout, err)
		}
		o.doc.Why = text.OneLine(err.Error())
		err = exit.With(exit.NotLive, err)
	}
	if c.JSON {
		err = errors.Join((&terminal.Printer{Out: t.Out}).Document(o.doc), err)
	}
	return err
}

var errTooLong = errors.New("the time to wait is over")

// once is one edit on its way.
type once struct {
	demo  *demo
	say   func(format string, args ...any)
	began time.Time
	doc   OnceDocument
}

func (o *once) play(ctx context.Context) error {
	o.say("Pressrun's demo, once: the app %s, the CMS %s, the public site %s", o.demo.appURL, o.demo.cmsURL, o.demo.siteURL)
	if err := o.firstRelease(ctx); err != nil {
		return fmt.Errorf("the first release, of the content that the CMS begins with: %w", err)
	}
	change, err := o.edit(ctx)
	if err != nil {
		return fmt.Errorf("edit an article in the CMS: %w", err)
	}
	if err := o.follow(ctx, change); err != nil {
		return err
	}
	return o.readBack(ctx)
}

// firstRelease waits until the CMS's first content is live: an edit is worth
// measuring on a site that is there.
func (o *once) firstRelease(ctx context.Context) error {
	for {
		site, err := o.demo.client.Site(ctx, demoSite)
		switch {
		case err != nil:
			return err
		case site.State == release.Ready && site.Live != nil && site.Waiting.Count == 0:
			o.say("Release #%d: the CMS's first content is live.", site.Live.Number)
			return nil
		case site.Last != nil && site.Last.Outcome == release.Failed:
			return fmt.Errorf("release #%d failed: %s", site.Last.Number, site.Last.Why)
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// edit changes an article over the CMS's API, as an editor's tool would. It
// returns the change's id.
func (o *once) edit(ctx context.Context) (string, error) {
	listing, err := content.Fetch(ctx, o.demo.cmsURL)
	if err != nil {
		return "", err
	}
	if len(listing.Articles) == 0 {
		return "", errors.New("it has no published article")
	}
	a := listing.Articles[0]
	o.doc.Words = "The demo wrote this: " + rand.Text()
	o.doc.URL = o.demo.siteURL + "/articles/" + a.Slug + "/"
	o.began = time.Now()
	o.say("Edit: %q now also says %q.", a.Title, o.doc.Words)
	return o.put(ctx, a.ID, map[string]any{
		"title": a.Title, "slug": a.Slug, "summary": a.Summary, "author": a.Author,
		"body": a.Body + "\n\n" + o.doc.Words, "actor": "Demo editor",
	})
}

func (o *once) put(ctx context.Context, article string, edit map[string]any) (string, error) {
	body, err := json.Marshal(edit)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, o.demo.cmsURL+"/api/articles/"+article, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	text, err := fetch(req)
	if err != nil {
		return "", err
	}
	var result cms.Result
	if err := json.Unmarshal(text, &result); err != nil || result.Change == nil {
		return "", fmt.Errorf("the CMS answered with no change: %.200s", text)
	}
	return result.Change.ID, nil
}

// follow waits until the request of a change is live, and keeps the times.
func (o *once) follow(ctx context.Context, change string) error {
	for o.doc.Request = ""; o.doc.Request == ""; {
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for the CMS to ask for a release: %w", err)
		}
		o.doc.Request = o.demo.publisher.request(change)
	}
	for {
		r, err := o.demo.client.Request(ctx, o.doc.Request)
		if err != nil {
			return err
		}
		o.doc.Release = r.Release
		if r.Status == release.Live {
			return o.states(ctx, r)
		}
		if len(r.Failed) > 0 {
			return fmt.Errorf("release #%d did not succeed: %s", r.Failed[len(r.Failed)-1], r.Text)
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// states keeps when the request and its release got how far.
func (o *once) states(ctx context.Context, r api.Request) error {
	d, err := o.demo.client.Release(ctx, demoSite, r.Release)
	if err != nil {
		return err
	}
	for _, p := range append([]client.Passage{{State: release.Requested, At: r.AcceptedAt}}, client.Passages(d.Release)...) {
		state := onceState{State: string(p.State), At: p.At.UTC(), Seconds: p.At.Sub(o.began).Seconds()}
		o.doc.States = append(o.doc.States, state)
		o.say("%7.3f s  release #%d is %s", state.Seconds, r.Release, client.StateWord(p.State))
	}
	return nil
}

// readBack looks for the words where the public reads them. They must be there
// at once: the app has said that they are live.
func (o *once) readBack(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.doc.URL, http.NoBody)
	if err != nil {
		return err
	}
	page, err := fetch(req)
	if err != nil {
		return fmt.Errorf("read the public page: %w", err)
	}
	if !strings.Contains(string(page), o.doc.Words) {
		return fmt.Errorf("the app says that the edit is live, and %s does not have its words", o.doc.URL)
	}
	o.doc.ReadBack, o.doc.RequestToLiveSeconds = true, time.Since(o.began).Seconds()
	o.say("%7.3f s  the words were read at %s", o.doc.RequestToLiveSeconds, o.doc.URL)
	return nil
}

// fetch gives the body of a good answer, at most 4 MiB of it.
func fetch(req *http.Request) ([]byte, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", req.URL, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s: %.300s", req.URL, resp.Status, text.OneLine(string(body)))
	}
	return body, nil
}

// pause is the time between two looks.
func pause(ctx context.Context) error {
	_ = sleep.For(ctx, 50*time.Millisecond)
	return ctx.Err()
}
