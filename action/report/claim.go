package report

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// codeReplayed is the app's refusal of a single-use token that was used before.
const codeReplayed = "replayed_token"

// Claim claims the release. A token of GitHub's, or one signed with the secret that the
// workflow shares with the app, is good for one try: if the answer is lost, the next try
// uses another token.
func (r *App) Claim(ctx context.Context, in api.ClaimInput) (api.ClaimResult, error) {
	for range 3 {
		client, err := r.claimant(ctx, in)
		if err != nil {
			return api.ClaimResult{}, err
		}
		got, err := client.Claim(ctx, r.Site, in)
		if api.CodeOf(err) != codeReplayed {
			return got, err
		}
	}
	return api.ClaimResult{}, errors.New("the app has seen every token of this run before")
}

// claimant is the client for one claim: with the configured token, else with GitHub's OIDC
// token, else with one signed by the shared secret.
func (r *App) claimant(ctx context.Context, in api.ClaimInput) (*api.Client, error) {
	env, secret := r.getenv, r.getenv("PRESSRUN_CALLBACK_SECRET")
	switch {
	case r.Token != "":
		return r.client, nil
	case env("ACTIONS_ID_TOKEN_REQUEST_URL") != "":
		token, err := IDToken(ctx, env, r.client.BaseURL())
		if err != nil {
			return nil, err
		}
		r.Conceal(token)
		return r.client.WithToken(token), nil
	case secret != "":
		token, err := api.SignCallback(secret, api.Callback{
			Site: r.Site, RunID: in.Run.ID, Attempt: in.Run.Attempt, Event: env("GITHUB_EVENT_NAME"),
			ID: rand.Text(), Expires: time.Now().Add(api.CallbackLife),
		})
		if err != nil {
			return nil, failure.Usage("PRESSRUN_CALLBACK_SECRET: %v", err)
		}
		return r.client.WithToken(token), nil
	case r.github.On:
		return nil, failure.Usage("this job can't show the app who it is: give it \"permissions: id-token: write\", or the secret PRESSRUN_CALLBACK_SECRET, or the input token")
	}
	return r.client, nil
}

// IDToken asks GitHub for an OIDC token that identifies this run to an audience. It is a
// read, so it is tried again.
func IDToken(ctx context.Context, env func(string) string, audience string) (string, error) {
	u, err := url.Parse(env("ACTIONS_ID_TOKEN_REQUEST_URL"))
	if err != nil {
		return "", failure.Usage("ACTIONS_ID_TOKEN_REQUEST_URL is no address")
	}
	query := u.Query()
	query.Set("audience", audience)
	u.RawQuery = query.Encode()
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", fmt.Errorf("ask GitHub who this run is: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+env("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
	c := retryablehttp.NewClient()
	c.Logger, c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = nil, 3, 250*time.Millisecond, 3*time.Second
	c.HTTPClient.Timeout = 15 * time.Second
	c.ErrorHandler = api.AnswerOrError
	resp, err := c.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask GitHub who this run is: %w", err)
	}
	defer resp.Body.Close()
	var answer struct {
		Value string `json:"value"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&answer); err != nil || answer.Value == "" {
		return "", fmt.Errorf("ask GitHub who this run is: it answered %s without a token", resp.Status)
	}
	return answer.Value, nil
}

// renew gets a new session for the release that this run already has. An app that lost its
// key knows no earlier session, and answers the claim of the same run as before.
func (r *App) renew(ctx context.Context) error {
	s := r.file.Now()
	got, err := r.Claim(ctx, api.ClaimInput{Release: r.Release, Token: r.DispatchToken, Run: s.Run})
	if IsStatus(err, http.StatusConflict) { // for any reason: the release is not this run's
		return fmt.Errorf("%w: %w", failure.ErrTakenAway, err)
	}
	if err != nil {
		return fmt.Errorf("the app no longer knows this run's session: %w", err)
	}
	if got.Release != s.Release {
		r.giveBack(ctx, s, got)
		return fmt.Errorf("%w: the app gave release %d instead of %d", failure.ErrTakenAway, got.Release, s.Release)
	}
	r.Conceal(got.Session)
	return r.file.Change(func(s *state.State) { s.Session = got.Session })
}

// giveBack fails a release that the app gave in place of this run's, which is over: else the
// release would wait for this run until its deadline.
func (r *App) giveBack(ctx context.Context, s state.State, got api.ClaimResult) {
	why := fmt.Sprintf("it was given to a run of release #%d, which is over", s.Release)
	err := r.client.WithToken(got.Session).Fail(ctx, s.Site, got.Release, api.FailureInput{Run: s.Run, Sequence: max(s.Sequence, got.Sequence) + 1, Why: why, Fault: release.FaultPressrun})
	if err != nil {
		r.console.Say("release #%d was given to this run by mistake and could not be given back: %v", got.Release, err)
	}
}
