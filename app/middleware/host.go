package app

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/app/problem"
)

// rightHost keeps pages of other sites from reaching an app that lets anybody
// on this machine in: by rebinding their own name to 127.0.0.1 they would be
// "this machine". With tokens a name makes no difference.
func (a *App) rightHost(r *http.Request) bool {
	if a.config.Pages.Access != "loopback" {
		return true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ip.IsLoopback()
	}
	u, err := url.Parse(a.config.URL)
	return err == nil && strings.EqualFold(u.Hostname(), host)
}

// wrongHost says by which addresses the app can be reached instead.
func (a *App) wrongHost(w http.ResponseWriter, r *http.Request) {
	where := "http://localhost with the port of this app"
	if a.config.URL != "" {
		where += ", or " + a.config.URL
	}
	p := problem.New(http.StatusMisdirectedRequest, "wrong_host", "Pressrun lets anybody on this machine in, and therefore answers by the names of this machine only: use "+where)
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		a.problems.Write(w, r, p)
		return
	}
	a.trouble(&visit{w: w, r: r}, p)
}
