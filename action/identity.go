package action

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

	"github.com/pressrun/pressrun/internal/api"
)

// codeReplayed is the app's refusal of a token that is good once.
const codeReplayed = "replayed_token"

// claim asks for the release. A token of GitHub's, or one signed with the
// secret that the workflow shares with the app, is good for one try: when the
// answer to that was lost, the next try has another.
func (r *reporter) claim(ctx context.Context, in api.ClaimInput) (api.ClaimResult, error) {
	for range 3 {
		client, err := r.claimant(ctx, in)
		if err != nil {
			return api.ClaimResult{}, err
		}
		got, err := client.Claim(ctx, r.job.opts.Site, in)
		if api.CodeOf(err) != codeReplayed {
			return got, err
		}
	}
	return api.ClaimResult{}, errors.New("the app has seen every token of this run before")
}

// claimant is the client for one claim: with the token it was given, else
// with GitHub's word on who this run is, else with the shared secret.
func (r *reporter) claimant(ctx context.Context, in api.ClaimInput) (*api.Client, error) {
	env, secret := r.job.env, r.job.env.get("PRESSRUN_CALLBACK_SECRET")
	switch {
	case r.job.opts.Token != "":
		return r.client, nil
	case env.get("ACTIONS_ID_TOKEN_REQUEST_URL") != "":
		token, err := idToken(ctx, env, r.client.BaseURL())
		if err != nil {
			return nil, err
		}
		r.job.gh.mask(token)
		return r.client.WithToken(token), nil
	case secret != "":
		token, err := api.SignCallback(secret, api.Callback{
			Site: r.job.opts.Site, RunID: in.Run.ID, Attempt: in.Run.Attempt, Event: env.get("GITHUB_EVENT_NAME"),
			ID: rand.Text(), Expires: time.Now().Add(api.CallbackLife),
		})
		if err != nil {
			return nil, usage("PRESSRUN_CALLBACK_SECRET: %v", err)
		}
		return r.client.WithToken(token), nil
	case r.job.gh.on:
		return nil, usage("this job can't show the app who it is: give it \"permissions: id-token: write\", or the secret PRESSRUN_CALLBACK_SECRET, or the input token")
	}
	return r.client, nil
}

// idToken asks GitHub for a token that says who this run is. It is a read, so
// it is tried again.
func idToken(ctx context.Context, env environment, audience string) (string, error) {
	u, err := url.Parse(env.get("ACTIONS_ID_TOKEN_REQUEST_URL"))
	if err != nil {
		return "", usage("ACTIONS_ID_TOKEN_REQUEST_URL is no address")
	}
	query := u.Query()
	query.Set("audience", audience)
	u.RawQuery = query.Encode()
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", fmt.Errorf("ask GitHub who this run is: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+env.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
	c := retryablehttp.NewClient()
	c.Logger, c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = nil, 3, 250*time.Millisecond, 3*time.Second
	c.HTTPClient.Timeout = 15 * time.Second
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler
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
