package cdn

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
)

var _ Purger = (*Webhook)(nil)

// Webhook tells an operator's own service what to purge, for CDNs that have no
// purger here. It must answer 2xx when the purge is done, and may get the same
// purge (the same id) more than once.
type Webhook struct {
	URL string
	// Secret signs the body: X-Pressrun-Signature-256: sha256=HEX, the HMAC that
	// GitHub's webhooks use too. Empty for none.
	Secret string

	client client
}

// String names the service's host alone: its path may hold a token.
func (w *Webhook) String() string { return "webhook " + hostOf(w.URL) }

// Abilities: the service gets the exact list.
func (w *Webhook) Abilities() Abilities {
	return Abilities{TagHeader: cloudFrontTagHeader, Paths: 10000, Prefixes: 1000}
}

// Purge posts the purge as JSON.
func (w *Webhook) Purge(ctx context.Context, p Purge) (Receipt, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode the purge: %w", err)
	}
	header := map[string]string{}
	if w.Secret != "" {
		mac := hmac.New(sha256.New, []byte(w.Secret))
		mac.Write(body)
		header["X-Pressrun-Signature-256"] = "sha256=" + hex.EncodeToString(mac.Sum(nil))
	}
	_, err = w.client.do(ctx, call{Method: http.MethodPost, URL: w.URL, Header: header, Body: json.RawMessage(body)})
	return nil, err
}

// Wait returns at once: the service answers when it is done.
func (w *Webhook) Wait(context.Context, Receipt) error { return nil }
