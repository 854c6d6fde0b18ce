package middleware

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
)

// WrongHost refuses a call by a host name that is not this machine's, where the
// configuration admits everybody on this machine: a page of another site could rebind its
// own name to 127.0.0.1 (DNS rebinding) and would be admitted. With tokens a name makes no
// difference. It is nil for the right name.
func WrongHost(conf config.Config, r *http.Request) *api.Problem {
	if conf.Pages.Access != config.AccessLoopback || namesThisMachine(r.Host, conf.URL) {
		return nil
	}
	where := "http://localhost with the port of this app"
	if conf.URL != "" {
		where += ", or " + conf.URL
	}
	return problem.New(http.StatusMisdirectedRequest, "wrong_host", "Pressrun lets anybody on this machine in, and therefore answers by the names of this machine only: use "+where)
}

func namesThisMachine(host, address string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ip.IsLoopback()
	}
	u, err := url.Parse(address)
	return err == nil && strings.EqualFold(u.Hostname(), host)
}
