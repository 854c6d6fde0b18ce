package cdn

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var _ Purger = (*webhook)(nil)

const (
	webhookType = "pressrun.purge"
	// webhookBatch keeps a message under the 20 kB that Standard Webhooks
	// recommends, with addresses of ordinary length.
	webhookBatch = 200
	webhookItems = 10000
)

// webhook sends the set to purge to an operator's own service, for CDNs without a purger
// here. Messages follow Standard Webhooks 1.0.0; webhook-id is the same for the same
// purge, so that a receiver recognises a retry. The service answers 2xx once the purge is
// done.
type webhook struct {
	url, host string // only the host is shown: the path may hold a token
	key       []byte // nil for unsigned
	base      string
	client    client
	now       func() time.Time
}

// webhookMessage is the body of a call.
type webhookMessage struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      Set       `json:"data"`
}

// webhookKey reads a secret as Standard Webhooks writes it, "whsec_" and base64 of 24 to
// 64 bytes; other text is the key itself.
func webhookKey(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, "whsec_")
	if !ok {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the webhook's secret is not whsec_ followed by base64 of 24 to 64 bytes")
	}
	return key, nil
}

func checkWebhook(t target) error {
	_, err := webhookURL(t.name)
	return err
}

func openWebhook(_ context.Context, t target) (Purger, error) {
	u, err := webhookURL(t.name)
	if err != nil {
		return nil, err
	}
	w := &webhook{url: u.String(), host: u.Host, base: t.base, client: t.http, now: time.Now}
	if t.secret != "" {
		if w.key, err = webhookKey(t.secret); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func webhookURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !isLocal(u.Hostname()))) {
		return nil, errors.New("the webhook's address must be a URL like https://example.org/purge (plain http only on this machine)")
	}
	return u, nil
}

func (w *webhook) Name() string { return "webhook:" + w.host }

// Limits are high: the service gets the exact list.
func (w *webhook) Limits() Limits {
	return Limits{
		Tags: webhookItems, TagHeader: cloudFrontTagHeader, Paths: webhookItems, Prefixes: webhookItems / 10,
		AnyPrefix: true, Everything: true,
	}
}

// Purge sends a message for each two hundred items.
func (w *webhook) Purge(ctx context.Context, set Set) (Receipt, error) {
	return deliver(ctx, w.Name(), set, callLimits{total: webhookBatch, mixed: true, folders: true}, func(ctx context.Context, items []item) (string, error) {
		part := set.with(items)
		if part.All && w.base != "" {
			part.All, part.Prefixes = false, []string{w.base + "/"}
		}
		body, err := json.Marshal(webhookMessage{Type: webhookType, Timestamp: w.now().UTC().Truncate(time.Second), Data: part})
		if err != nil {
			return "", err
		}
		id := "msg_" + set.reference(items)
		_, err = w.client.do(ctx, call{method: http.MethodPost, url: w.url, body: body, sign: func(r *http.Request) { w.sign(r, id, body) }})
		if err != nil {
			return "", fmt.Errorf("call the webhook at %s: %w", w.host, advise(err, "check the secret on both sides", "check its path"))
		}
		return "", nil
	})
}

// sign signs each try anew: receivers refuse an old timestamp.
func (w *webhook) sign(r *http.Request, id string, body []byte) {
	timestamp := strconv.FormatInt(w.now().Unix(), 10)
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", timestamp)
	if w.key == nil {
		return
	}
	mac := hmac.New(sha256.New, w.key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	r.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func (w *webhook) Wait(context.Context, Receipt) error { return nil }
