package command

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Commands carries out requests and operators' acts. It decides nothing itself: the ledger's
// rules do.
type Commands struct{ ledger *ledger.Ledger }

// New makes the Commands of a ledger.
func New(l *ledger.Ledger) *Commands { return &Commands{ledger: l} }

// Accept stores a request of a caller. A key that the caller used before gives the request
// of that time. An invalid input is an *api.Problem with its place.
func (c *Commands) Accept(ctx context.Context, who *auth.Caller, site, key string, in api.RequestInput) (ledger.Accepted, error) {
	r, err := RequestOf(who, site, key, in)
	if err != nil {
		return ledger.Accepted{}, err
	}
	return c.ledger.Accept(ctx, r)
}

// Move gives a scheduled request another time, which may have come.
func (c *Commands) Move(ctx context.Context, who *auth.Caller, id string, to time.Time) (ledger.Accepted, error) {
	if to.After(ledger.Now().Add(maxAhead)) {
		return ledger.Accepted{}, problem.Invalid("body.not_before", "lies more than two years ahead")
	}
	if to.IsZero() {
		return ledger.Accepted{}, problem.Invalid("body.not_before", "is missing; to take the request back, delete it")
	}
	if err := c.checkSees(ctx, who, id); err != nil {
		return ledger.Accepted{}, err
	}
	return c.ledger.Move(ctx, id, who.Name, to.UTC().Truncate(time.Microsecond))
}

// Withdraw takes a scheduled request back.
func (c *Commands) Withdraw(ctx context.Context, who *auth.Caller, id string) (ledger.Accepted, error) {
	if err := c.checkSees(ctx, who, id); err != nil {
		return ledger.Accepted{}, err
	}
	return c.ledger.Withdraw(ctx, id, who.Name, "")
}

// theirs refuses a caller a request of a site that they may not see.
func (c *Commands) checkSees(ctx context.Context, who *auth.Caller, id string) error {
	var site string
	err := c.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		_, found, err := s.Request(ctx, id)
		site = found.Site
		return err
	})
	if err == nil && !who.Sees(site) {
		return problem.New(http.StatusForbidden, "forbidden", "this token is not good for the request's site")
	}
	return err
}

// RequestOf is the request that a caller makes, as the ledger takes it. An invalid input is
// an *api.Problem with its place.
func RequestOf(who *auth.Caller, site, key string, in api.RequestInput) (ledger.Request, error) {
	if in.Source == "" {
		in.Source = who.Source()
	}
	if !who.MayAskAs(in.Source) {
		return ledger.Request{}, problem.New(http.StatusForbidden, "forbidden", "a token of role "+string(who.Role)+" may not ask as "+string(in.Source)+"; it may as "+who.Sources())
	}
	if in.Emergency && who.Role != auth.Operator {
		return ledger.Request{}, problem.New(http.StatusForbidden, "forbidden", "only an operator may ask for an emergency release; a token of role "+string(who.Role)+" asks without body.emergency")
	}
	if p := check(in, ledger.Now()); p != nil {
		return ledger.Request{}, p
	}
	r := ledger.Request{
		Site: site, Key: who.Key(key), Source: in.Source, Actor: in.Actor, Title: in.Title,
		Link: in.Link, Entity: in.Entity, Reason: in.Reason, Emergency: in.Emergency,
	}
	if !who.Local {
		r.Via = who.Name
	}
	if r.Actor == "" {
		r.Actor = who.Name
	}
	if in.NotBefore != nil {
		r.NotBefore = in.NotBefore.UTC().Truncate(time.Microsecond)
	}
	return r, nil
}

// maxAhead bounds how far ahead a request may be scheduled.
const maxAhead = 2 * 366 * 24 * time.Hour

// check refuses the input that a schema can't: links that are no web addresses (a page must
// never have a javascript: link), and dates too far ahead.
func check(in api.RequestInput, now time.Time) *api.Problem {
	if p := noNUL(map[string]string{"actor": in.Actor, "title": in.Title, "link": in.Link, "entity": in.Entity, "reason": in.Reason}); p != nil {
		return p
	}
	if in.Link != "" {
		u, err := url.Parse(in.Link)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return problem.Invalid("body.link", "must be an http or https address")
		}
	}
	if in.Emergency && in.NotBefore != nil && in.NotBefore.After(now) {
		return problem.Invalid("body.emergency", "an emergency is for now; ask when its time has come, or leave not_before out")
	}
	if in.NotBefore != nil && in.NotBefore.After(now.Add(maxAhead)) {
		return problem.Invalid("body.not_before", "lies more than two years ahead")
	}
	return nil
}

// noNUL refuses texts of a body that PostgreSQL can't store.
func noNUL(texts map[string]string) *api.Problem {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if strings.ContainsRune(texts[name], 0) {
			return problem.Invalid("body."+name, "must not contain the character NUL")
		}
	}
	return nil
}
