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

// proxies are the proxies that are trusted to name a call's user in headers.
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

// identify is the user whom a trusted proxy names. The identity has no subject when a
// header is ambiguous: perhaps the client's own value stands beside the proxy's.
func (p *proxies) identify(r *http.Request) (identity.Identity, bool) {
	if p == nil || len(r.Header.Values(p.header.User)) == 0 {
		return identity.Identity{}, false
	}
	from := addressOf(r.RemoteAddr)
	if !slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Contains(from) }) {
		p.seldom.Do(func() {
			p.log.Warn("a header that names a user was ignored: it came from no address of sign_in.header.proxies", "header", p.header.User, "address", r.RemoteAddr)
		})
		return identity.Identity{}, false
	}
	user, ok := p.one(r, p.header.User)
	name, nameOK := p.one(r, p.header.Name)
	email, emailOK := p.one(r, p.header.Email)
	groups, groupsOK := p.one(r, p.header.Groups)
	if !ok || !nameOK || !emailOK || !groupsOK || user == "" {
		p.seldom.Do(func() {
			p.log.Warn("a proxy named a user twice, or none: have it replace the headers that clients send", "header", p.header.User, "address", r.RemoteAddr)
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

// one is the value of a header; false when it is there more than once.
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
