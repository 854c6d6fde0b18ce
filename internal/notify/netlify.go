package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// netlify is for CMS plugins that take Netlify's deploy notifications
// (https://docs.netlify.com/deploy/deploy-notifications/#http-post-request): a deploy in
// the form of Netlify's API. With a secret it is signed like Netlify's: by a JWT with the
// body's SHA-256 in X-Webhook-Signature.
var netlify = Kind{
	Name: "netlify", Secret: SecretOptional, Body: netlifyDeploy, Header: netlifyHeader,
	Tells: []Type{ReleaseStarted, ReleaseLive, ended(release.Failed), ended(release.Cancelled), ended(release.Stale)},
}

// deploy is Netlify's description of a deploy, with the fields that Pressrun can fill.
type deploy struct {
	ID           string     `json:"id"`
	SiteID       string     `json:"site_id"`
	BuildID      string     `json:"build_id"`
	State        string     `json:"state"`
	Name         string     `json:"name"`
	URL          string     `json:"url"`
	SSLURL       string     `json:"ssl_url"`
	AdminURL     string     `json:"admin_url"`
	DeployURL    string     `json:"deploy_url"`
	DeploySSLURL string     `json:"deploy_ssl_url"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	PublishedAt  *time.Time `json:"published_at"`
	ErrorMessage *string    `json:"error_message"`
	Title        string     `json:"title"`
	Branch       string     `json:"branch"`
	Context      string     `json:"context"`
	DeployTime   *int64     `json:"deploy_time"` // in seconds
}

func netlifyDeploy(_ string, f Fact) ([]byte, error) {
	d := deploy{
		SiteID: f.Site.Name, State: "ready", Name: f.Site.Name, URL: f.Site.URL, SSLURL: f.Site.URL, AdminURL: f.Site.App + "/sites/" + f.Site.Name,
		DeployURL: f.Site.URL, DeploySSLURL: f.Site.URL, CreatedAt: f.At, UpdatedAt: f.At, Title: f.forPrograms().Text(), Branch: "main", Context: "production",
	}
	d.ID = f.Site.Name + "-test"
	if r := f.Release; r != nil {
		d.ID = f.Site.Name + "-" + strconv.FormatInt(r.Number, 10)
		d.CreatedAt, d.PublishedAt = r.Times.Requested, optional(r.Times.Complete)
		if !r.Times.Complete.IsZero() {
			took := int64(r.Times.Complete.Sub(r.Times.Requested).Seconds())
			d.DeployTime = &took
		}
	}
	d.BuildID = d.ID
	if f.Type == ReleaseStarted {
		d.State = "building"
	} else if f.Type != ReleaseLive && f.Type != Test {
		d.State = "error"
		why := f.forPrograms().Text()
		d.ErrorMessage = &why
	}
	return json.Marshal(d)
}

func netlifyHeader(_ string, body []byte, secrets []string, _ time.Time) map[string]string {
	header := map[string]string{"Content-Type": "application/json"}
	if len(secrets) > 0 {
		header["X-Webhook-Signature"] = netlifySignature(body, secrets[0])
	}
	return header
}

// netlifySignature is a JWT (RFC 7519) of algorithm HS256 by "netlify", with the
// SHA-256 of the body.
func netlifySignature(body []byte, secret string) string {
	sum := sha256.Sum256(body)
	claims, _ := json.Marshal(map[string]string{"iss": "netlify", "sha256": hex.EncodeToString(sum[:])}) // only texts: it can't fail
	coded := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(coded))
	return coded + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
