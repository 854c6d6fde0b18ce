package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/test/fakegithub"
	"github.com/pressrun/pressrun/test/httpload"
)

// hook is the webhook that is sent again and again, each time with another id.
type hook struct {
	body      []byte
	signature string
}

// prepare makes the webhook of a run of the site's workflow.
func prepare() (hook, error) {
	github, err := fakegithub.Start(fakegithub.Options{InProcess: true})
	if err != nil {
		return hook{}, err
	}
	defer github.Close()
	github.AddRepo("acme", "www", fakegithub.ContentRelease())
	run, err := github.Press("acme/www", "content-release.yml", "schedule", nil)
	if err != nil {
		return hook{}, err
	}
	body := github.RunPayload(run, "requested")
	return hook{body, fakegithub.Sign(secret, body)}, nil
}

// send has senders send webhooks for a span of time, each with a pause of about
// so long between two; 0 for none, which shows what the machine can do at most.
func (h hook) send(ctx context.Context, address string, senders int, span, pause time.Duration) (all []time.Duration, elapsed time.Duration, err error) {
	took := make([][]time.Duration, senders)
	errs := make([]error, senders)
	var crowd sync.WaitGroup
	began := time.Now()
	for i := range senders {
		crowd.Go(func() {
			took[i], errs[i] = h.sender(ctx, address, i, began.Add(span), pause)
		})
	}
	crowd.Wait()
	elapsed = time.Since(began)
	all = slices.Concat(took...)
	if err := errors.Join(errs...); err != nil || len(all) == 0 {
		return nil, 0, errors.Join(errors.New("not every webhook was acknowledged"), err)
	}
	return all, elapsed, nil
}

// sender sends over one connection until a time is over.
func (h hook) sender(ctx context.Context, address string, number int, until time.Time, pause time.Duration) (took []time.Duration, err error) {
	line, err := httpload.Dial(ctx, address, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
		"X-GitHub-Event: workflow_run\r\nX-GitHub-Delivery: %08d-%s\r\nX-Hub-Signature-256: %s\r\n\r\n%s",
		hookPath, address, len(h.body), number, httpload.Number, h.signature, h.body), "HTTP/1.1 202")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, line.Close()) }()
	rest := func(least, spread time.Duration) {
		if spread > 0 {
			time.Sleep(least + rand.N(spread))
		}
	}
	for rest(0, pause); time.Now().Before(until); rest(pause/2, pause) {
		one, err := line.Send(len(took))
		if err != nil {
			return nil, err
		}
		took = append(took, one)
	}
	return took, nil
}
