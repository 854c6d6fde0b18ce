package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/sleep"
)

// maxReadyBody bounds the part of an answer that is searched for a text, in bytes.
const maxReadyBody = 4 << 20

// WaitReady waits until the CMS, or another source of content, answers as expected, and then
// for the checks of the commit. By default it polls every 15 s for up to 70 minutes, as
// VA.gov's content release does.
type WaitReady struct {
	*Run
	options.TurnFlags
}

// Name implements Step.
func (WaitReady) Name() string { return "wait_ready" }

// Do implements Step.
func (r WaitReady) Do(ctx context.Context) (Result, error) {
	if why := r.nothingBuilt(); why != "" {
		return skipped(why)
	}
	if r.ReadyURL == "" && r.Checks == "" {
		return skipped("neither --ready-url nor --checks is set")
	}
	answers, err := r.waitForAnswer(ctx)
	if err != nil {
		return Result{}, err
	}
	green, err := r.waitForChecks(ctx)
	if err != nil {
		return Result{}, err
	}
	return done(strings.Trim(answers+"; "+green, "; "))
}

// waitForAnswer waits for the CMS, and gives a note; "" when no address is configured.
func (r WaitReady) waitForAnswer(ctx context.Context) (string, error) {
	if r.ReadyURL == "" {
		return "", nil
	}
	client, address := &http.Client{Timeout: 30 * time.Second}, shown(r.ReadyURL)
	ends := time.Now().Add(r.ReadyLimit)
	var last string
	for tries := 1; ; tries++ {
		why := r.unready(ctx, client)
		if why == "" {
			return address + " answers", nil
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if !time.Now().Before(ends) {
			return "", &failure.Error{
				Why:   fmt.Sprintf("%s was not ready within %s: %s", address, r.ReadyLimit, why),
				Fault: release.FaultPlatform, Code: failure.ExitNotReady,
			}
		}
		if why != last {
			r.Console.Say("waiting for %s: %s", address, why)
			r.Console.Does("waiting for the CMS: " + why)
			last = why
		}
		if err := sleep.For(ctx, min(r.ReadyInterval, max(time.Until(ends), 0))); err != nil {
			return "", err
		}
	}
}

// unready says why the answer is not the expected one; "" when it is.
func (r WaitReady) unready(ctx context.Context, client *http.Client) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.ReadyURL, nil)
	if err != nil {
		return withoutAddress(err).Error()
	}
	req.Header.Set("User-Agent", "pressrun-action")
	resp, err := client.Do(req)
	if err != nil {
		return withoutAddress(err).Error()
	}
	defer resp.Body.Close()
	want := r.ReadyStatus
	if want == 0 {
		want = http.StatusOK
	}
	if resp.StatusCode != want {
		return fmt.Sprintf("it answers %s instead of %d", resp.Status, want)
	}
	if r.ReadyContains == "" {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReadyBody))
	if err != nil {
		return err.Error()
	}
	if !bytes.Contains(body, []byte(r.ReadyContains)) {
		return fmt.Sprintf("its answer does not contain %q", r.ReadyContains)
	}
	return ""
}

// shown is an address for people: without the password and the query, which may be a key.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// withoutAddress is the error of a call without its address.
func withoutAddress(err error) error {
	for {
		wrapped, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = wrapped.Err
	}
}
