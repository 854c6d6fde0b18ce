package notices

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/text"
)

// mailLimit bounds the sending of one e-mail.
const mailLimit = time.Minute

// mailSender sends e-mails through one server.
type mailSender struct {
	site, name         string
	host               string
	port               int
	security           string
	tls                *tls.Config
	username, password string
	from, domain       string
	to                 []string
}

func newMailSender(site string, c config.Target) (*mailSender, error) {
	host, port, err := net.SplitHostPort(c.SMTP.Server)
	if err != nil {
		return nil, fmt.Errorf("read the address of its server: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("read the port of its server: %w", err)
	}
	from, err := c.SMTP.Sender()
	if err != nil {
		return nil, fmt.Errorf("read its sender: it %w", err)
	}
	s := &mailSender{
		site: site, name: c.Name, host: host, port: number, security: c.SMTP.Security(), username: c.SMTP.Username, from: from.String(), to: c.SMTP.To,
		tls: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12},
	}
	if s.security == config.TLSNone && !outbound.Loopback(host) {
		return nil, fmt.Errorf("its server %s is not this machine: it must be reached encrypted", host)
	}
	_, s.domain, _ = strings.Cut(from.Address, "@")
	if c.SMTP.PasswordFile != "" {
		lines, err := config.SecretLines(c.SMTP.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read its password: %w", err)
		}
		s.password = lines[0]
	}
	if c.SMTP.CAFile != "" {
		if s.tls.RootCAs, err = certificates(c.SMTP.CAFile); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func certificates(file string) (*x509.CertPool, error) {
	content, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return nil, fmt.Errorf("read the certificates that it trusts: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("read the certificates that it trusts: %s has none in PEM", file)
	}
	return pool, nil
}

func (s *mailSender) close() {}

func (s *mailSender) send(ctx context.Context, one ledger.Notice) outcome {
	ctx, cancel := context.WithTimeout(ctx, mailLimit)
	defer cancel()
	message, err := s.message(one)
	if err == nil {
		err = s.deliver(ctx, message)
	}
	if err == nil {
		return outcome{taken: true, status: 250} // RFC 5321, 4.2.3: completed
	}
	o := outcome{trouble: s.trouble(err)}
	if refusal, ok := errors.AsType[*mail.SendError](err); ok {
		o.status = refusal.ErrorCode()
		// The server refused this message or its receiver, and takes others.
		o.own = (refusal.Reason == mail.ErrSMTPRcptTo || refusal.Reason == mail.ErrSMTPDataClose) && !serverWide(o.status)
		o.over = o.own && !refusal.IsTemp() && o.status/100 == 5
	}
	return o
}

// serverWide says whether an answer is about the server and not the message: it is closing,
// or can't authenticate anybody (RFC 5321, 4.2.3; RFC 4954, 6).
func serverWide(status int) bool { return status == 421 || status == 454 }

// putOff says whether a notice waits because its receiver's server put it off, as by
// greylisting (RFC 6647).
func (s *mailSender) putOff(one ledger.Notice) bool {
	return one.Status/100 == 4 && !serverWide(one.Status)
}

// thread groups the notices to the same receivers about the same release, which must arrive
// in their order.
func (s *mailSender) thread(one ledger.Notice) string {
	to := ""
	if m, err := notify.ReadMail([]byte(one.Body)); err == nil {
		to = m.To
	}
	return fmt.Sprint(one.Release, " ", to)
}

// trouble describes an error, without the password, which a server may repeat.
func (s *mailSender) trouble(err error) string {
	said := text.OneLine(err.Error())
	if s.password != "" {
		said = strings.ReplaceAll(said, s.password, "***")
	}
	return text.Shorten(said, 300)
}

// message is a notice as an e-mail.
func (s *mailSender) message(one ledger.Notice) (*mail.Msg, error) {
	m, err := notify.ReadMail([]byte(one.Body))
	if err != nil {
		return nil, err
	}
	to := s.to
	if m.To != "" {
		to = []string{m.To}
	}
	if len(to) == 0 {
		return nil, errors.New("there is nobody to send it to: smtp.to is empty")
	}
	out := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := out.From(s.from); err != nil {
		return nil, fmt.Errorf("set the sender: %w", err)
	}
	if err := out.To(to...); err != nil {
		return nil, fmt.Errorf("set the receivers: %w", err)
	}
	out.Subject(text.OneLine(m.Subject))
	out.SetDateWithValue(one.Created)
	out.SetMessageIDWithValue(one.ID + "@" + s.domain)
	if m.Release != 0 { // the messages about a release are one thread
		thread := fmt.Sprintf("<release-%d.%s.%s@%s>", m.Release, s.name, s.site, s.domain)
		out.SetGenHeader(mail.HeaderReferences, thread)
		out.SetGenHeader(mail.HeaderInReplyTo, thread)
	}
	out.SetGenHeader("List-Id", fmt.Sprintf("<%s.%s.%s>", s.name, s.site, s.domain)) // RFC 2919
	out.SetGenHeader("Auto-Submitted", "auto-generated")                             // RFC 3834
	out.SetGenHeader("X-Auto-Response-Suppress", "All")
	out.SetBodyString(mail.TypeTextPlain, m.Text)
	out.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	return out, nil
}

// deliver hands a message over: authenticated by PLAIN, or by LOGIN if the server has
// nothing else.
func (s *mailSender) deliver(ctx context.Context, m *mail.Msg) error {
	err := s.deliverBy(ctx, m, mail.SMTPAuthPlain)
	if errors.Is(err, mail.ErrPlainAuthNotSupported) {
		err = s.deliverBy(ctx, m, mail.SMTPAuthLogin)
	}
	return err
}

func (s *mailSender) deliverBy(ctx context.Context, m *mail.Msg, auth mail.SMTPAuthType) error {
	options := []mail.Option{
		mail.WithPort(s.port), mail.WithTimeout(outbound.Limit), mail.WithTLSConfig(s.tls), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithoutNoop(),
		mail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			return s.connect(ctx, dialing, network, address)
		}),
	}
	if s.security != config.TLSStart { // connect has encrypted it, or it is on this machine
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.username != "" {
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(s.username), mail.WithPassword(s.password))
	}
	client, err := mail.NewClient(s.host, options...)
	if err != nil {
		return fmt.Errorf("prepare the mail server's client: %w", err)
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	err = client.SendWithSMTPClient(connection, m)
	// The server has taken or refused the message: an error in closing changes nothing.
	_ = client.CloseWithSMTPClient(connection)
	return err
}

// connect connects to the server. The connection ends with ctx; dialing bounds the
// connecting alone.
func (s *mailSender) connect(ctx, dialing context.Context, network, address string) (net.Conn, error) {
	connection, err := outbound.Dialer(s.host).DialContext(dialing, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	if s.security != config.TLSImplicit {
		return connection, nil
	}
	encrypted := tls.Client(connection, s.tls)
	if err := encrypted.HandshakeContext(dialing); err != nil {
		return nil, errors.Join(fmt.Errorf("encrypt the connection: %w", err), connection.Close())
	}
	return encrypted, nil
}
