package action

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// maxReadyBody bounds how much of an answer is searched for text, in bytes.
const maxReadyBody = 4 << 20

// waitReady waits until the CMS, or whatever the site is built from, answers
// as it should. VA.gov polls every 15 s for up to 70 minutes (research: va.md
// 2.1): the same defaults.
type waitReady struct{}

func (waitReady) Name() string { return "wait_ready" }

func (waitReady) Do(ctx context.Context, j *job) (Result, error) {
	if j.opts.ReadyURL == "" {
		return skipped("no --ready-url is set")
	}
	client, address := &http.Client{Timeout: 30 * time.Second}, shown(j.opts.ReadyURL)
	ends := time.Now().Add(j.opts.ReadyLimit)
	var last string
	for tries := 1; ; tries++ {
		why := j.unready(ctx, client)
		if why == "" {
			return done(address + " answers")
		}
		if ctx.Err() != nil {
			return Result{}, context.Cause(ctx)
		}
		if !time.Now().Before(ends) {
			return Result{}, &FailError{
				Why:   fmt.Sprintf("%s was not ready within %s: %s", address, j.opts.ReadyLimit, why),
				Fault: release.FaultPlatform, Code: ExitNotReady,
			}
		}
		if why != last {
			j.say("waiting for %s: %s", address, why)
			j.does("waiting for the CMS: " + why)
			last = why
		}
		if err := sleep(ctx, min(j.opts.ReadyInterval, max(time.Until(ends), 0))); err != nil {
			return Result{}, err
		}
	}
}

// unready says what is amiss with the answer; "" when nothing is.
func (j *job) unready(ctx context.Context, client *http.Client) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, j.opts.ReadyURL, nil)
	if err != nil {
		return withoutAddress(err).Error()
	}
	req.Header.Set("User-Agent", "pressrun-action")
	resp, err := client.Do(req)
	if err != nil {
		return withoutAddress(err).Error()
	}
	defer resp.Body.Close()
	want := j.opts.ReadyStatus
	if want == 0 {
		want = http.StatusOK
	}
	if resp.StatusCode != want {
		return fmt.Sprintf("it answers %s instead of %d", resp.Status, want)
	}
	if j.opts.ReadyContains == "" {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReadyBody))
	if err != nil {
		return err.Error()
	}
	if !bytes.Contains(body, []byte(j.opts.ReadyContains)) {
		return fmt.Sprintf("its answer does not contain %q", j.opts.ReadyContains)
	}
	return ""
}
