package auth

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
)

// proxies are trusted to say in headers who makes a call.
type proxies struct {
	header   config.SignInHeader
	networks []netip.Prefix
	log      *slog.Logger
	seldom   rate.Sometimes
}

// newProxies is nil for none.
func newProxies(header *config.SignInHeader, log *slog.Logger) *proxies {
	if header == nil {
		return nil
	}
	return &proxies{header: *header, networks: header.Networks(), log: log, seldom: rate.Sometimes{First: 3, Interval: time.Minute}}
}

// maxProxyGroups bounds the groups that a header may name.
const maxProxyGroups = 500

// identify is who a trusted proxy says makes a call. An identity without a
// subject is of a header that says two things at once: perhaps what a client
// sent stands beside what the proxy added.
func (p *proxies) identify(r *http.Request) (identity.Identity, bool) {
	if p == nil || len(r.Header.Values(p.header.User)) == 0 {
		return identity.Identity{}, false
	}
	from := addressOf(r.RemoteAddr)
	if !slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Contains(from) }) {
		p.seldom.Do(func() {
			p.log.Warn("a header that says who somebody is was ignored: it came from no address of sign_in.header.proxies", "header", p.header.User, "address", r.RemoteAddr)
		})
		return identity.Identity{}, false
	}
	user, ok := p.one(r, p.header.User)
	name, nameOK := p.one(r, p.header.Name)
	email, emailOK := p.one(r, p.header.Email)
	groups, groupsOK := p.one(r, p.header.Groups)
	if !ok || !nameOK || !emailOK || !groupsOK || user == "" {
		p.seldom.Do(func() {
			p.log.Warn("a proxy said twice who somebody is, or nothing: have it replace the headers that clients send", "header", p.header.User, "address", r.RemoteAddr)
		})
		return identity.Identity{}, true
	}
	id := identity.Identity{Via: identity.ViaHeader, Subject: user, Email: strings.ToLower(email)}
	unique := user
	if id.Email != "" {
		unique = id.Email
	}
	id.Name = identity.Called(name, unique)
	if at := strings.LastIndexByte(id.Email, '@'); at >= 0 {
		id.Domain = id.Email[at+1:]
	}
	for group := range strings.SplitSeq(groups, ",") {
		if group = strings.TrimSpace(group); group != "" && len(id.Groups) < maxProxyGroups {
			id.Groups = append(id.Groups, group)
		}
	}
	return id, true
}

// one is a header that may be there once.
func (p *proxies) one(r *http.Request, name string) (value string, ok bool) {
	if name == "" {
		return "", true
	}
	values := r.Header.Values(name)
	if len(values) > 1 {
		return "", false
	}
	return strings.TrimSpace(r.Header.Get(name)), true
}
