package config

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/password"
	"github.com/pressrun/pressrun/internal/pattern"
)

const signInKey = "sign_in"

func checkSignIn(k *checker) {
	s := k.config.SignIn
	if k.config.Pages.Access == AccessLoopback && k.Has(signInKey) {
		k.wrong(signInKey, "nobody signs in while pages.access is loopback; expected no such section, or pages.access: token")
	}
	checkLasts(k, s)
	if s.OIDC != nil {
		checkOIDC(k, *s.OIDC)
	}
	if s.GitHub != nil {
		checkSignInGitHub(k, *s.GitHub)
	}
	if s.Header != nil {
		checkHeader(k, *s.Header)
	}
	checkPeople(k, s.People)
	if (s.OIDC != nil || s.GitHub != nil) && !k.Has("url") {
		k.wrong(signInKey, "a sign-in service sends people back to the app's public address; expected url, such as https://pressrun.example.gov")
	}
	if u, err := url.Parse(k.config.URL); err == nil && k.Has("url") && s.any() && u.Scheme == "http" && !loopback(u.Hostname()) {
		k.wrong("url", "%q is not encrypted, so that passwords and sign-ins can be read on the way; expected https", k.config.URL)
	}
}

func checkLasts(k *checker, s SignIn) {
	for key, d := range map[string]*Duration{".limit": s.Limit, ".idle": s.Idle} {
		if d != nil && (d.Std() < minSignIn || d.Std() > maxSignIn) {
			k.wrong(signInKey+key, "%s is no length of a sign-in; expected 5m to 720h", d)
		}
	}
	if s.Limit != nil && s.Idle != nil && s.Idle.Std() > s.Limit.Std() {
		k.wrong(signInKey+".idle", "%s is longer than sign_in.limit; expected less", s.Idle)
	}
}

// issuerTemplate matches Entra ID's issuers for any tenant, which would let in everybody
// who has an account anywhere.
var issuerTemplate = pattern.Of(`\{|/(common|organizations|consumers)/`)

func checkOIDC(k *checker, o OIDC) {
	const at = signInKey + ".oidc"
	if err := outbound.Check(o.Issuer); err != nil && k.Has(at+".issuer") {
		k.wrong(at+".issuer", "%v", err)
	} else if issuerTemplate().MatchString(o.Issuer) {
		k.wrong(at+".issuer", "is that of every organization; expected your own, such as https://login.microsoftonline.com/TENANT-ID/v2.0")
	}
	if k.Has(at+".client_id") && o.ClientID == "" {
		k.wrong(at+".client_id", "is empty; expected what the provider calls Pressrun")
	}
	checkWebAddress(k, at+".logout_url", o.LogoutURL)
	checkAllow(k, at, o.Allow)
}

// checkWebAddress checks an address to which browsers are sent.
func checkWebAddress(k *checker, key, address string) {
	if !k.Has(key) || strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.Contains(address, `\`) {
		return
	}
	if err := outbound.Check(address); err != nil {
		k.wrong(key, "%v", err)
	}
}

func checkAllow(k *checker, at string, rules []Allow) {
	if k.Has(at+".allow") && len(rules) == 0 {
		k.wrong(at+".allow", "lets nobody in; expected rules such as {group: web-team, role: operator}")
	}
	for i, r := range rules {
		key := fmt.Sprintf("%s.allow[%d]", at, i)
		if n := given(r.Group, r.Email, r.Domain); n != 1 {
			k.wrong(key, "names %d of group, email and domain; expected one", n)
		}
		if r.Email != "" && strings.Count(r.Email, "@") != 1 {
			k.wrong(key+".email", "%q is no address; expected one such as ada@example.gov", r.Email)
		}
		if r.Domain != "" && (strings.ContainsAny(r.Domain, "@*/ ") || !strings.Contains(r.Domain, ".")) {
			k.wrong(key+".domain", "%q is no domain; expected what stands behind the @, such as example.gov", r.Domain)
		}
		k.knownSites(key, r.Sites)
	}
}

var (
	gitHubName = pattern.Of(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	teamName   = pattern.Of(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
)

func checkSignInGitHub(k *checker, g SignInGitHub) {
	const at = signInKey + ".github"
	if k.Has(at+".client_id") && g.ClientID == "" {
		k.wrong(at+".client_id", "is empty; expected the App's client ID, as its page shows it")
	}
	if k.config.GitHub.Kind == "gitea" {
		k.wrong(at, "Gitea is an OpenID Connect provider; expected sign_in.oidc")
	}
	if k.Has(at+".allow") && len(g.Allow) == 0 {
		k.wrong(at+".allow", "lets nobody in; expected rules such as {team: acme/web, role: operator}")
	}
	for i, r := range g.Allow {
		key := fmt.Sprintf("%s.allow[%d]", at, i)
		if n := given(r.Organization, r.Team, r.Permission, r.User); n != 1 {
			k.wrong(key, "names %d of organization, team, permission and user; expected one", n)
		}
		for name, value := range map[string]string{"organization": r.Organization, "user": r.User} {
			if value != "" && !gitHubName().MatchString(value) {
				k.wrong(key+"."+name, "%q is no name of GitHub's; expected one as in addresses, such as acme", value)
			}
		}
		if r.Team != "" && !teamName().MatchString(r.Team) {
			k.wrong(key+".team", "%q is no team; expected organization/team, such as acme/web", r.Team)
		}
		k.knownSites(key, r.Sites)
	}
}

func given(texts ...string) (n int) {
	for _, t := range texts {
		if t != "" {
			n++
		}
	}
	return n
}

var headerName = pattern.Of(`^[A-Za-z0-9-]{1,100}$`)

func checkHeader(k *checker, h SignInHeader) {
	const at = signInKey + ".header"
	if k.Has(at+".proxies") && len(h.Proxies) == 0 {
		k.wrong(at+".proxies", "is empty, so that nobody's header counts; expected the proxies' addresses, such as [127.0.0.1, 10.0.3.0/24]")
	}
	for i, text := range h.Proxies {
		key := fmt.Sprintf("%s.proxies[%d]", at, i)
		switch network, err := proxy(text); {
		case err != nil:
			k.wrong(key, "%q is no address and no network; expected one such as 127.0.0.1 or 10.0.3.0/24", text)
		case network.Bits() == 0:
			k.wrong(key, "%q is everybody, who could then call themselves what they like; expected the proxies' own addresses", text)
		}
	}
	for name, value := range map[string]string{"user": h.User, "name": h.Name, "email": h.Email, "groups": h.Groups} {
		if key := at + "." + name; k.Has(key) && !headerName().MatchString(value) {
			k.wrong(key, "%q is no name of a header; expected one such as X-Forwarded-User", value)
		} else if strings.EqualFold(value, "Authorization") || strings.EqualFold(value, "Cookie") {
			k.wrong(key, "%q means something else; expected a header of the proxy's own, such as X-Forwarded-User", value)
		}
	}
	checkWebAddress(k, at+".logout_url", h.LogoutURL)
	checkAllow(k, at, h.Allow)
}

func checkPeople(k *checker, people []Person) {
	names := map[string]int{}
	for _, t := range k.config.Tokens {
		names[strings.ToLower(t.Name)] = -1
	}
	for i, p := range people {
		at := fmt.Sprintf("%s.people[%d]", signInKey, i)
		if k.Has(at+".name") && !tokenName().MatchString(p.Name) {
			k.wrong(at+".name", "%q is no name to sign in with; expected letters, digits and . _ @ - (at most 100)", p.Name)
		}
		name := strings.ToLower(p.Name)
		if first, twice := names[name]; twice && name != "" {
			other := "a token"
			if first >= 0 {
				other = fmt.Sprintf("people[%d]", first)
			}
			k.wrong(at+".name", "is the name of %s too; expected another, so that the records tell who did what", other)
		}
		names[name] = i
		k.knownSites(at, p.Sites)
		if _, err := password.Parse(p.Password); err != nil && k.Has(at+".password") {
			k.WrongSecret(at+".password", err.Error()+"; make one with: pressrun password (never the password itself)")
		}
	}
}

// knownSites refuses the names of unknown sites.
func (k *checker) knownSites(key string, sites []string) {
	for i, site := range sites {
		if _, ok := k.config.Sites[site]; !ok {
			k.wrong(fmt.Sprintf("%s.sites[%d]", key, i), "there is no site %q; expected one of %s", site, k.siteNames())
		}
	}
}
