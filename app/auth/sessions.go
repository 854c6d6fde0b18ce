package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/text"
)

const (
	// cookieName is the cookie's without HTTPS. With it, the prefix has browsers take
	// the cookie from this very host alone: a neighbour below the same domain can't
	// plant one of its own (RFC 6265bis, 4.1.3.2).
	cookieName     = "pressrun"
	hostCookieName = "__Host-pressrun"
	// cookieMark begins the secret of a session, so that scanners for leaked secrets
	// know it.
	cookieMark = "prc_"
	// maxBrowser bounds the part of the User-Agent that is stored.
	maxBrowser = 200
	// noteWithin bounds the write that notes a use: a call does not wait for a slow disk.
	noteWithin = 2 * time.Second
)

// sessions are the sign-ins to the pages, of which the ledger keeps the hashes.
type sessions struct {
	ledger      ledger.Sessions
	found       *ledger.Shared[string, ledger.Session] // by hash
	log         *slog.Logger
	secure      bool
	limit, idle time.Duration

	mu    sync.Mutex
	noted map[string]time.Time // when a use was last written, by id
}

func newSessions(c config.Config, l *ledger.Ledger, log *slog.Logger) *sessions {
	s := &sessions{log: log, secure: strings.HasPrefix(c.URL, "https:"), noted: map[string]time.Time{}}
	s.limit, s.idle = c.SignIn.Lasts()
	if l != nil {
		s.ledger, s.found = l.Sessions(), ledger.Share[string, ledger.Session](l, ledger.Now)
	}
	return s
}

// begin stores a session of somebody and gives its cookie.
func (s *sessions) begin(r *http.Request, id identity.Identity) (*http.Cookie, error) {
	secret := cookieMark + rand.Text()
	_, err := s.ledger.Begin(r.Context(), ledger.Session{
		Hash: HashToken(secret), Via: id.Via, Subject: id.Subject, Name: id.Name, Email: id.Email, Domain: id.Domain, Groups: id.Groups,
		Browser: text.Shorten(text.OneLine(r.UserAgent()), maxBrowser), Address: addressOf(r.RemoteAddr).String(), Until: ledger.Now().Add(s.limit),
	})
	if err != nil {
		return nil, err
	}
	return s.cookie(s.name(), secret, s.limit), nil
}

// of is the session of a call; false when there is none, or it is over.
func (s *sessions) of(r *http.Request) (ledger.Session, bool) {
	cookie, err := r.Cookie(s.name())
	if err != nil || !strings.HasPrefix(cookie.Value, cookieMark) {
		return ledger.Session{}, false
	}
	hash := HashToken(cookie.Value)
	found, err := s.found.Get(r.Context(), hash, func(ctx context.Context) (ledger.Session, error) { return s.ledger.ByHash(ctx, hash) })
	if err != nil {
		if !errors.Is(err, ledger.ErrNotFound) && r.Context().Err() == nil {
			s.log.ErrorContext(r.Context(), "sign-ins can't be read", "error", err)
		}
		return ledger.Session{}, false
	}
	return found, found.Good(ledger.Now(), s.idle)
}

// used notes that a session is used, at most every few minutes.
func (s *sessions) used(ctx context.Context, one ledger.Session) {
	now, every := ledger.Now(), min(s.idle/20, 5*time.Minute)
	if now.Before(one.Seen.Add(every)) || !s.due(one.ID, now, every) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	if err := s.ledger.Used(ctx, one.ID); err != nil {
		s.log.WarnContext(ctx, "the use of a sign-in could not be noted", "error", err)
	}
}

// due says whether a use is to be written: one of many calls at once does.
func (s *sessions) due(id string, now time.Time, every time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.noted[id].Add(every)) {
		return false
	}
	if len(s.noted) >= knownTries {
		clear(s.noted)
	}
	s.noted[id] = now
	return true
}

// identityOf is the identity with which somebody signed in.
func identityOf(s ledger.Session) identity.Identity {
	return identity.Identity{Via: s.Via, Subject: s.Subject, Name: s.Name, Email: s.Email, Domain: s.Domain, Groups: s.Groups}
}

// cookie is one of the pages': not for scripts, not for other sites' forms.
func (s *sessions) cookie(name, value string, lasts time.Duration) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // G124: without HTTPS a browser would not send a Secure cookie back
		Name: name, Value: value, Path: "/", MaxAge: int(lasts / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure,
	}
}

func (s *sessions) name() string {
	if s.secure {
		return hostCookieName
	}
	return cookieName
}

// Sessions are the caller's own sign-ins that are good, or everybody's, which
// operators of all sites alone may see. The refusal is an *api.Problem.
func (a *Authorizer) Sessions(ctx context.Context, c *Caller, everybody bool) ([]ledger.Session, error) {
	if everybody {
		if p := a.RefusalOfAll(c, Operator); p != nil {
			return nil, p
		}
		return a.sessions.ledger.List(ctx, "", "", a.sessions.idle)
	}
	if c.Subject == "" {
		return nil, nil
	}
	return a.sessions.ledger.List(ctx, c.Via, c.Subject, a.sessions.idle)
}

// EndSession ends a sign-in: one of the caller's own, or anybody's for operators of all
// sites. It fails with ledger.ErrNotFound for one that the caller may not end, as for one
// that does not exist.
func (a *Authorizer) EndSession(ctx context.Context, c *Caller, id string) (ledger.Session, error) {
	found, err := a.sessions.ledger.Find(ctx, id)
	if err != nil {
		return found, err
	}
	own := c.Subject != "" && found.Via == c.Via && found.Subject == c.Subject
	if !own && a.RefusalOfAll(c, Operator) != nil {
		return ledger.Session{}, ledger.ErrNotFound
	}
	n, err := a.sessions.ledger.End(ctx, c.Name, id)
	if err != nil {
		return found, err
	}
	if n > 0 && !own {
		a.log.InfoContext(ctx, "a sign-in was ended by an operator", "by", c.Name, "of", found.Name, "session", id)
	}
	return found, nil
}

// SessionWire is a sign-in as API, pages and command line show it to a caller.
func (a *Authorizer) SessionWire(s ledger.Session, to *Caller) api.Session {
	out := api.Session{
		ID: s.ID, Name: s.Name, Via: s.Via, Browser: s.Browser, Address: s.Address, BegunAt: s.Begun, SeenAt: s.Seen, EndsAt: s.Until,
		Current: to.Session != "" && to.Session == s.ID,
	}
	if c := a.callerOf(identityOf(s)); c != nil {
		out.Role = string(c.Role)
	}
	return out
}
