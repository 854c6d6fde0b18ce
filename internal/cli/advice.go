package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/content/fetch"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/text"
)

// advice says what to do about errors that many people meet first. The codes of
// `pressrun action` mean other things: its errors say it themselves.
func advice(err error, code int) string {
	if _, ok := errors.AsType[*actionError](err); ok {
		return ""
	}
	problem, refused := errors.AsType[*api.Problem](err)
	p, parse := errors.AsType[*kong.ParseError](err)
	op, network := errors.AsType[*net.OpError](err)
	_, ofCMS := errors.AsType[*fetch.TriedError](err)
	switch {
	case network && op.Op == "listen":
		return "\n" + listenAdvice(err)
	case refused && code == exit.Unauthorized && problem.Status == http.StatusForbidden:
		return "\nThis token is not enough: ask with one of a role or a site that is (docs/running.md has the roles)"
	case code == exit.Unauthorized:
		return "\nGive a token by PRESSRUN_TOKEN or --token-file; an operator makes one with: pressrun token new NAME --role operator"
	case code == exit.Unreachable && ofCMS:
		return "\nDoes the CMS run, is this its address, and does a firewall let you through?"
	case code == exit.Unreachable && !refused && !errors.Is(err, store.ErrUnreachable):
		return "\n" + reachAdvice(err)
	case parse:
		return "\nSee: " + helpOf(p.Context) + " --help"
	case refused:
		return ""
	default:
		return diskAdvice(err)
	}
}

// listenAdvice says what to do about an address that can't be listened on.
func listenAdvice(err error) string {
	const choose = `choose another address in the configuration, such as: listen: "127.0.0.1:8081"`
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "Another program listens there, perhaps an app that runs already. End it, or " + choose
	case errors.Is(err, syscall.EACCES):
		return "Ports below 1024 are for who has the right to them: " + choose
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "This machine has no such address: " + choose
	default:
		return "Look at listen in the configuration: it is HOST:PORT, such as 127.0.0.1:8080"
	}
}

// reason is a failed call in plain words; "" for one that has none.
func reason(err error) string {
	name, noName := errors.AsType[*net.DNSError](err)
	record, noTLS := errors.AsType[tls.RecordHeaderError](err)
	wrong, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there (connection refused)"
	case noName && name.IsNotFound:
		return "there is no machine of the name " + text.Plain(name.Name)
	case noName:
		return "the name " + text.Plain(name.Name) + " can't be looked up just now"
	case certificate:
		return "its certificate is not to be trusted: " + wrong.Err.Error()
	case noTLS && record.Conn != nil, strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it speaks http, and https was asked for"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no way to it on this network"
	case os.IsTimeout(err) && op != nil && op.Op == "dial":
		return "it does not answer"
	case errors.Is(err, syscall.ECONNRESET):
		return "it broke the connection off"
	default:
		return ""
	}
}

// reachAdvice says what to do about an app that can't be reached.
func reachAdvice(err error) string {
	const address = "--app (or PRESSRUN_URL)"
	_, noName := errors.AsType[*net.DNSError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case noName:
		return "Is " + address + " typed right, and does this machine's DNS work?"
	case unknown:
		return "If an authority of your own signed it, name its certificate: SSL_CERT_FILE=/path/to/ca.pem"
	case certificate:
		return "Give " + address + " the name that the certificate is for, or renew the certificate"
	case strings.HasPrefix(reason(err), "it speaks http,"):
		return "Write http:// in " + address + ", or ask the proxy before the app"
	case os.IsTimeout(err):
		return "Is " + address + " its address, and does a firewall let you through?"
	default:
		return "Is it running, and is " + address + " its address?"
	}
}

// diskAdvice says what to do about files that can't be read or written.
func diskAdvice(err error) string {
	where := "it"
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		where = text.Plain(at.Path)
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "\nThe disk is full: make room (df -h shows how much there is), and try again"
	case errors.Is(err, syscall.EROFS):
		return "\nThe disk is mounted read-only: write elsewhere, or have it mounted for writing"
	case errors.Is(err, fs.ErrPermission):
		return "\nThis user may not: look at owner and rights with: ls -ld " + where
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "\nToo many files are open: raise the limit (ulimit -n 65536)"
	default:
		return ""
	}
}

// inPlainWords is an error's text, with the operating system's words for a call that
// failed put plainly.
func inPlainWords(err error) string {
	said := err.Error()
	why := reason(err)
	if why == "" || errors.Is(err, store.ErrUnreachable) {
		return said
	}
	if call, ok := errors.AsType[*url.Error](err); ok {
		return strings.Replace(said, call.Error(), why, 1)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return strings.Replace(said, op.Error(), why, 1)
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return strings.Replace(said, name.Error(), why, 1)
	}
	return said
}

// helpOf is the command whose help tells more: as far as the command line was
// understood.
func helpOf(c *kong.Context) string {
	if c != nil {
		if node := c.Selected(); node != nil {
			return node.FullPath()
		}
	}
	return "pressrun"
}
