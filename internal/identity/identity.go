// Package identity asks an OpenID Connect provider or GitHub who a person is. It reports
// the answer and decides nothing: the configuration says who may do what.
package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/text"
)

// The ways to show who one is, as sessions name them.
const (
	ViaToken  = "token"
	ViaLocal  = "local"
	ViaOIDC   = "oidc"
	ViaGitHub = "github"
	ViaHeader = "header"
)

// Identity is a person, as a provider vouches for them.
type Identity struct {
	// Via is how they showed it.
	Via string
	// Subject tells people of one provider apart, and never changes.
	Subject string
	// Name is how records and pages call them.
	Name string
	// Email is an address that the provider has verified; "" if none is.
	Email string
	// Domain is the domain of the organization that vouches for them; "" for none.
	Domain string
	// Groups are the groups that they belong to. Organization, Team, User and Repository
	// write GitHub's.
	Groups []string
}

// Attempt is a sign-in that was begun in one browser and must end there.
type Attempt struct {
	// State, Nonce and Verifier are random, and good once.
	State, Nonce, Verifier string
	// Redirect is the address to which the provider sends people back.
	Redirect string
}

// Provider is a service by which people sign in.
type Provider interface {
	// Begin is the address to which a browser is sent.
	Begin(ctx context.Context, a Attempt) (string, error)
	// Finish says who came back, by the query that the provider put into the address.
	// Errors are ErrUnreachable, or a *Refused.
	Finish(ctx context.Context, a Attempt, query url.Values) (Identity, error)
	// SignOut gives the address at which people sign out of the provider too, which then
	// sends them to back; "" for none.
	SignOut(back string) string
}

// ErrUnreachable says that the provider can't be asked now.
var ErrUnreachable = errors.New("the sign-in service can't be reached")

// Refused says why a provider's answer is not believed, or how the provider refused. It
// is fit for the log: it holds no code and no token.
type Refused struct{ Why string }

// Error is the reason.
func (r *Refused) Error() string { return r.Why }

func refused(format string, args ...any) error { return &Refused{fmt.Sprintf(format, args...)} }

// limit bounds how long a call to a provider takes, and maxAnswer how much of its answer is read.
const (
	limit     = 10 * time.Second
	maxAnswer = 1 << 20
)

// client calls a provider, over a transport that is nil for the network.
func client(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &http.Client{Timeout: limit, Transport: bounded{transport}}
}

// bounded cuts answers off at maxAnswer.
type bounded struct{ below http.RoundTripper }

// RoundTrip makes a call.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.below.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// Called is how records name a person: by their name and by an id that they can't choose,
// so that no two people have the same.
func Called(name, unique string) string {
	name, unique = clean(name), clean(unique)
	switch {
	case name == "" || name == unique:
		return unique
	case unique == "":
		return name
	}
	return name + " (" + unique + ")"
}

// clean makes one short line of text from elsewhere.
func clean(s string) string {
	return text.Shorten(strings.Join(strings.Fields(text.Plain(s)), " "), 100)
}

// answered takes the code from an answer. It refuses an error in its place (RFC 6749,
// 4.1.2.1), and the answer of another attempt or another provider (RFC 9207).
func answered(a Attempt, query url.Values, issuer string) (code string, err error) {
	if got := query.Get("state"); a.State == "" || got != a.State {
		return "", refused("the answer is that of another attempt to sign in")
	}
	if iss, ok := query["iss"]; ok && issuer != "" && iss[0] != issuer {
		return "", refused("the answer is that of another sign-in service, %s", clean(iss[0]))
	}
	if query.Get("error") != "" {
		return "", refused("the sign-in service said: %s", clean(query.Get("error")+" "+query.Get("error_description")))
	}
	if code = query.Get("code"); code == "" {
		return "", refused("the answer has no code")
	}
	return code, nil
}
