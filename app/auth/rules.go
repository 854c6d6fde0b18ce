package auth

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
)

// callerOf is the caller with an identity: their role and sites by the configuration
// in force. It is nil for somebody whom no rule admits.
func (a *Authorizer) callerOf(id identity.Identity) *Caller {
	if id.Via == identity.ViaToken {
		if !a.config.SignIn.TakesTokens() {
			return nil
		}
		return a.tokens.caller(id.Subject)
	}
	role, sites, ok := decide(a.config, id)
	if !ok {
		return nil
	}
	return &Caller{Name: id.Name, Role: role, Sites: sites, Via: id.Via, Subject: id.Subject}
}

// throughProxy is the caller that a trusted proxy names.
func (a *Authorizer) throughProxy(id identity.Identity) *Caller {
	if id.Subject == "" {
		return Refused(http.StatusUnauthorized, "unauthorized", "The proxy did not say clearly who you are.")
	}
	if c := a.callerOf(id); c != nil {
		return c
	}
	return Refused(http.StatusForbidden, "forbidden", a.NotAllowed(id.Name))
}

// NotAllowed tells somebody that they are known and not admitted, and whom to ask.
func (a *Authorizer) NotAllowed(name string) string {
	ask := a.config.SignIn.Ask
	if ask == "" {
		ask = "an operator of Pressrun"
	}
	return "You are " + name + ", and this account may not use Pressrun. Ask " + ask + " to let you in."
}

// decide finds the first rule that admits somebody.
func decide(c config.Config, id identity.Identity) (role Role, sites []string, ok bool) {
	s := c.SignIn
	switch {
	case id.Via == identity.ViaOIDC && s.OIDC != nil:
		return allowed(s.OIDC.Allow, id)
	case id.Via == identity.ViaHeader && s.Header != nil:
		return allowed(s.Header.Allow, id)
	case id.Via == identity.ViaGitHub && s.GitHub != nil:
		return allowedOnGitHub(c, s.GitHub.Allow, id)
	case id.Via == identity.ViaLocal:
		return allowedLocally(s.People, id)
	}
	return "", nil, false
}

func allowed(rules []config.Allow, id identity.Identity) (Role, []string, bool) {
	for _, r := range rules {
		if r.Group != "" && slices.Contains(id.Groups, r.Group) ||
			r.Email != "" && strings.EqualFold(r.Email, id.Email) ||
			r.Domain != "" && strings.EqualFold(r.Domain, id.Domain) {
			return Role(r.Role), r.Sites, true
		}
	}
	return "", nil, false
}

func allowedOnGitHub(c config.Config, rules []config.AllowGitHub, id identity.Identity) (Role, []string, bool) {
	for _, r := range rules {
		switch {
		case r.Organization != "" && slices.Contains(id.Groups, identity.Organization(r.Organization)),
			r.Team != "" && slices.Contains(id.Groups, identity.Team(r.Team)),
			r.User != "" && slices.Contains(id.Groups, identity.User(r.User)):
			return Role(r.Role), r.Sites, true
		case r.Permission != "":
			if sites := sitesWith(c, r, id.Groups); len(sites) > 0 {
				return Role(r.Role), sites, true
			}
		}
	}
	return "", nil, false
}

// sitesWith are the sites on whose repositories somebody has a permission.
func sitesWith(c config.Config, r config.AllowGitHub, groups []string) []string {
	var sites []string
	for name, site := range c.Sites {
		in := len(r.Sites) == 0 || slices.Contains(r.Sites, name)
		if in && site.GitHub.Repository != "" && slices.Contains(groups, identity.Repository(site.GitHub.Repository, r.Permission)) {
			sites = append(sites, name)
		}
	}
	slices.Sort(sites)
	return sites
}

// allowedLocally finds the account that somebody signed in to, if it still has the password
// of then.
func allowedLocally(people []config.Person, id identity.Identity) (Role, []string, bool) {
	for _, p := range people {
		if p.Name == id.Subject && slices.Equal(id.Groups, []string{passwordMark(p)}) {
			return Role(p.Role), p.Sites, true
		}
	}
	return "", nil, false
}

// passwordMark changes with a password, so that a new one ends the sign-ins with
// the old one.
func passwordMark(p config.Person) string { return "password " + HashToken(p.Password)[:16] }
