// Package outbound calls addresses that an operator has configured and whose servers are
// not trusted: no call follows a redirect, takes long, reads much, or reaches an address
// of this machine or of the network's own services unless the configuration names this
// machine.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Limit bounds a call, from the connection to the end of the answer.
const Limit = 15 * time.Second

// Check refuses an address that must not be called: only https is, and plain http on this
// machine. The error is a verb phrase, whose subject is the address, and repeats nothing of
// it, since it may hold a secret.
func Check(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return errors.New("is no web address; expected https://HOST/PATH")
	case u.User != nil:
		return errors.New("has a user or password in it; expected an address without")
	case u.Fragment != "":
		return errors.New("has a # in it; expected an address without")
	case u.Scheme == "https", u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return errors.New("is not encrypted; expected https (plain http only on this machine)")
	}
	return errors.New("is no web address; expected https://HOST/PATH")
}

// CheckInside is Check for calls that hold no secret: within an operator's own
// network they may be plain http.
func CheckInside(address string) error {
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "http" && u.Hostname() != "" && u.User == nil && u.Fragment == "" {
		return nil
	}
	return Check(address)
}

// Loopback says whether a host is this machine by its very name.
func Loopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Client calls one address.
type Client struct {
	http *http.Client
}

// To makes a Client for an address. Transport is below its calls; nil for the
// network.
func To(address string, transport http.RoundTripper) (*Client, error) {
	return to(address, transport, Check)
}

// Inside makes a Client for calls that hold no secret: plain http goes to any host.
func Inside(address string, transport http.RoundTripper) (*Client, error) {
	return to(address, transport, CheckInside)
}

func to(address string, transport http.RoundTripper, check func(string) error) (*Client, error) {
	if err := check(address); err != nil {
		return nil, fmt.Errorf("the address %w", err)
	}
	if transport == nil {
		u, err := url.Parse(address)
		if err != nil {
			return nil, errors.New("the address is no web address")
		}
		transport = network(u)
	}
	return &Client{&http.Client{
		Transport: transport, Timeout: Limit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// network is a transport for single calls.
func network(u *url.URL) http.RoundTripper {
	t := Transport(u.Hostname())
	t.MaxIdleConns, t.MaxResponseHeaderBytes = 1, 64<<10
	return t
}

// Transport reaches a host, unless its name leads where it must not, and the machine's
// proxy where there is one. Its caller may bound it further.
func Transport(host string) *http.Transport {
	plain, guarded := &net.Dialer{Timeout: Limit}, Dialer(host)
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, kind, address string) (net.Conn, error) {
			if to, _, err := net.SplitHostPort(address); err == nil && !strings.EqualFold(to, host) {
				return plain.DialContext(ctx, kind, address) // the machine's proxy
			}
			return guarded.DialContext(ctx, kind, address)
		},
		ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: Limit, MaxResponseHeaderBytes: 256 << 10,
	}
}

// Dialer connects to a host that an operator configured, unless its name leads where
// it must not.
func Dialer(host string) *net.Dialer {
	return &net.Dialer{Timeout: Limit, Control: func(_, address string, _ syscall.RawConn) error {
		return allowed(address, Loopback(host))
	}}
}

// allowed refuses addresses that a name must not lead to: those of this machine, and
// those of a cloud's own services, which give this machine's secrets to any caller on it.
func allowed(address string, loopback bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %s: it is no address", address)
	}
	ip := at.Addr().Unmap()
	switch {
	case ip.IsLoopback() && loopback:
		return nil
	case ip.IsLoopback(), ip.IsUnspecified():
		return errors.New("its name leads to this machine, which only an address that says so may")
	case ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast(), ip.IsMulticast():
		return errors.New("its name leads to a link-local address, of the network's own services, which is never called")
	}
	return nil
}

// Answer is the answer to a call.
type Answer struct {
	Status int
	Header http.Header
	// Body is the beginning of the body, up to the limit of Do; Whole says whether it is all.
	Body  []byte
	Whole bool
}

// OK says whether the answer is a 2xx.
func (a Answer) OK() bool { return a.Status/100 == 2 }

// Do makes a call and reads at most that many bytes of the answer's body.
func (c *Client) Do(r *http.Request, most int64) (Answer, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return Answer{}, reason(err)
	}
	defer resp.Body.Close()
	a := Answer{Status: resp.StatusCode, Header: resp.Header}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return a, reason(err)
	}
	a.Whole = int64(len(body)) <= most
	a.Body = body[:min(int64(len(body)), most)]
	return a, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// reason is an error without the address, which may hold a secret.
func reason(err error) error {
	if whole, ok := errors.AsType[*url.Error](err); ok {
		if whole.Timeout() {
			return fmt.Errorf("no answer within %s", Limit)
		}
		return whole.Err
	}
	return err
}
