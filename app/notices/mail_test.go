package notices

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/ledgerfile"
)

const mailPassword = "correct horse"

// mailServer is a real SMTP server that keeps what it gets.
type mailServer struct {
	address, ca string
	mechanisms  []string
	refuse      func(to string) error // nil takes everybody

	mu  sync.Mutex
	got []gotMail
}

// gotMail is an e-mail that came.
type gotMail struct {
	to               []string
	encrypted, known bool
	header           mail.Header
	text, html       string
	raw              string
}

type mailSession struct {
	server *mailServer
	conn   *smtp.Conn
	known  bool
	to     []string
}

// loginOnly is a session of a server that knows LOGIN alone, or PLAIN alone.
func (s *mailSession) AuthMechanisms() []string { return s.server.mechanisms }

func (s *mailSession) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != "pressrun" || password != mailPassword {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "wrong password " + password}
		}
		s.known = true
		return nil
	}
	if mech == "LOGIN" {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer is the server's side of LOGIN.
type loginServer struct {
	check func(user, password string) error
	step  int
	user  string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.refuse != nil {
		if err := s.server.refuse(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, encrypted := s.conn.TLSConnectionState()
	one := gotMail{to: s.to, encrypted: encrypted, known: s.known, raw: string(raw)}
	if err := one.read(); err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.got = append(s.server.got, one)
	return nil
}

func (s *mailSession) Reset()        { s.to = nil }
func (s *mailSession) Logout() error { return nil }

// read reads an e-mail by the standard library, as its receiver would.
func (g *gotMail) read() error {
	m, err := mail.ReadMessage(strings.NewReader(g.raw))
	if err != nil {
		return err
	}
	g.header = m.Header
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return errors.Join(err, errors.New("no multipart/alternative"))
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		words, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			return err
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			g.html = string(words)
		} else {
			g.text = strings.ReplaceAll(string(words), "\r\n", "\n")
		}
	}
}

func (s *mailServer) received() []gotMail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// startMail starts a server on this machine that is encrypted as security says.
func startMail(t testing.TB, security string, mechanisms ...string) *mailServer {
	t.Helper()
	s := &mailServer{mechanisms: mechanisms, ca: filepath.Join(t.TempDir(), "ca.pem")}
	backend := smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{server: s, conn: c}, nil })
	srv := smtp.NewServer(backend)
	srv.Domain, srv.ErrorLog = "mail.example.gov", discard{}
	encryption := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate(t, s.ca)}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	switch security {
	case config.TLSImplicit:
		listener = tls.NewListener(listener, encryption)
	case config.TLSStart:
		srv.TLSConfig = encryption
	default:
		srv.AllowInsecureAuth = true
	}
	var all sync.WaitGroup
	all.Go(func() { _ = srv.Serve(listener) })
	t.Cleanup(func() { srv.Close(); all.Wait() })
	return s
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

// certificate makes one for 127.0.0.1, and writes it to a file that can be trusted.
func certificate(t testing.TB, file string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// mailTarget sends through a server.
func mailTarget(t testing.TB, s *mailServer, security string) config.Target {
	t.Helper()
	file := filepath.Join(t.TempDir(), "smtp.password")
	if err := os.WriteFile(file, []byte(mailPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Target{Name: "newsroom", Kind: "smtp", SMTP: config.SMTPTarget{
		Server: s.address, TLS: security, CAFile: s.ca, Username: "pressrun", PasswordFile: file,
		From: "Pressrun <pressrun@example.gov>", To: []string{"web@example.gov", "ops@example.gov"}, Askers: []string{"example.gov"},
	}}
}

// noticeOf is a fact as a notice by e-mail.
func noticeOf(t testing.TB, f notify.Fact) ledger.Notice {
	t.Helper()
	k, _ := notify.FindKind("smtp")
	id := f.ID("newsroom")
	body, err := k.Body(id, f)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Notice{ID: id, Type: string(f.Type), Body: string(body), Created: time.Now()}
}

func failure(title string) notify.Fact {
	return notify.Fact{
		Event: 7, Type: "release.failed", At: time.Now(), Site: notify.Site{Name: "www", Title: title, App: "https://pressrun.example.gov"},
		Release: &release.Release{Number: 12, Outcome: release.Failed, Why: "<b>no title</b>"},
	}
}

func TestAnEMailIsEncryptedSignedInThreadedAndEscaped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		security  string
		mechanism string
	}{{config.TLSStart, "PLAIN"}, {config.TLSImplicit, "PLAIN"}, {config.TLSStart, "LOGIN"}, {config.TLSImplicit, "LOGIN"}, {config.TLSNone, "PLAIN"}} {
		t.Run(c.security+" "+c.mechanism, func(t *testing.T) {
			t.Parallel()
			srv := startMail(t, c.security, c.mechanism)
			s, err := newMailSender("www", mailTarget(t, srv, c.security))
			if err != nil {
				t.Fatal(err)
			}
			const title = "Riverside\r\nBcc: all@example.gov\r\n\r\nÜ <script>"
			first := noticeOf(t, failure(title))
			later := failure(title)
			later.Event, later.Type, later.To = 8, notify.ReleaseLate, "ana@example.gov"
			for _, one := range []ledger.Notice{first, noticeOf(t, later)} {
				if came := s.send(t.Context(), one); !came.taken || came.status != 250 {
					t.Fatalf("%+v", came)
				}
			}
			got := srv.received()
			if len(got) != 2 || !slices.Equal(got[0].to, []string{"web@example.gov", "ops@example.gov"}) || !slices.Equal(got[1].to, []string{"ana@example.gov"}) {
				t.Fatalf("got %d: %+v", len(got), got)
			}
			for _, g := range got {
				h := g.header
				if g.encrypted != (c.security != config.TLSNone) || !g.known {
					t.Errorf("encrypted: %v, signed in: %v", g.encrypted, g.known)
				}
				if h.Get("Bcc") != "" || len(h["Subject"]) != 1 || h.Get("From") != `"Pressrun" <pressrun@example.gov>` {
					t.Errorf("its headers are %v", h)
				}
				if h.Get("Auto-Submitted") != "auto-generated" || h.Get("List-Id") != "<newsroom.www.example.gov>" || h.Get("References") != "<release-12.newsroom.www@example.gov>" {
					t.Errorf("its headers are %v", h)
				}
				if strings.Contains(g.html, "<script") || strings.Contains(g.html, "<b>") || !strings.Contains(g.text, "https://pressrun.example.gov/sites/www/releases/12") {
					t.Errorf("its parts are %s %s", g.text, g.html)
				}
				if _, err := h.Date(); err != nil {
					t.Error(err)
				}
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(got[0].header.Get("Subject"))
			if err != nil || !strings.HasPrefix(subject, "Riverside Bcc: all@example.gov") {
				t.Errorf("its subject is %q (%v)", subject, err)
			}
			if a, b := got[0].header.Get("Message-Id"), got[1].header.Get("Message-Id"); a != "<"+first.ID+"@example.gov>" || a == b {
				t.Errorf("they are %s and %s", a, b)
			}
		})
	}
}

// TestNothingIsSentInTheClear: neither password nor e-mail goes to a server that does
// not encrypt, or that is another one than its certificate says.
func TestNothingIsSentInTheClear(t *testing.T) {
	t.Parallel()
	plain := startMail(t, config.TLSNone, "PLAIN")
	s, err := newMailSender("www", mailTarget(t, plain, config.TLSStart))
	if err != nil {
		t.Fatal(err)
	}
	came := s.send(t.Context(), noticeOf(t, failure("Riverside")))
	if came.taken || !strings.Contains(came.trouble, "STARTTLS") || came.over {
		t.Errorf("%+v", came)
	}
	other := startMail(t, config.TLSStart, "PLAIN")
	target := mailTarget(t, other, config.TLSStart)
	target.SMTP.CAFile = plain.ca
	if s, err = newMailSender("www", target); err != nil {
		t.Fatal(err)
	}
	if came := s.send(t.Context(), noticeOf(t, failure("Riverside"))); came.taken || !strings.Contains(came.trouble, "certificate") {
		t.Errorf("%+v", came)
	}
	target.SMTP.TLS, target.SMTP.Server = config.TLSNone, "mail.example.gov:25"
	if _, err := newMailSender("www", target); err == nil {
		t.Error("a server elsewhere is reached without encryption")
	}
	if len(plain.received())+len(other.received()) != 0 {
		t.Error("an e-mail came")
	}
}

func TestWhatAMailServerRefuses(t *testing.T) {
	t.Parallel()
	srv := startMail(t, config.TLSStart, "PLAIN")
	target := mailTarget(t, srv, config.TLSStart)
	for name, c := range map[string]struct {
		code     int
		password string
		want     string
		over     bool
	}{
		"unknown for good": {550, mailPassword, "550", true},
		"for now":          {451, mailPassword, "451", false},
		"wrong password":   {0, "wrong one", "wrong password ***", false},
	} {
		srv.refuse = func(string) error {
			if c.code == 0 {
				return nil
			}
			return &smtp.SMTPError{Code: c.code, Message: "not here"}
		}
		s, err := newMailSender("www", target)
		if err != nil {
			t.Fatal(err)
		}
		s.password = c.password
		came := s.send(t.Context(), noticeOf(t, failure("Riverside")))
		if came.taken || came.over != c.over || !strings.Contains(came.trouble, c.want) {
			t.Errorf("%s: %+v", name, came)
		}
	}
}

// TestAMailServerThatSaysNothingIsLeft: the sending ends with the app.
func TestAMailServerThatSaysNothingIsLeft(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	srv := &mailServer{address: silent.Addr().String(), ca: filepath.Join(t.TempDir(), "ca.pem")}
	certificate(t, srv.ca)
	s, err := newMailSender("www", mailTarget(t, srv, config.TLSStart))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reached := make(chan struct{})
	go func() {
		if c, err := silent.Accept(); err == nil {
			close(reached)
			<-ctx.Done()
			defer c.Close()
			_, _ = io.ReadAll(c) // until the other end lets go
		}
	}()
	done := make(chan outcome)
	go func() { done <- s.send(ctx, noticeOf(t, failure("Riverside"))) }()
	<-reached
	cancel()
	if came := <-done; came.taken {
		t.Error("it was taken by nobody")
	}
}

// TestWhoAskedIsToldByEMail runs it all: a release of what several people asked for.
func TestWhoAskedIsToldByEMail(t *testing.T) {
	t.Parallel()
	srv := startMail(t, config.TLSStart, "PLAIN")
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(ledgerfile.Folder(t), "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": {}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	target := mailTarget(t, srv, config.TLSStart)
	site := config.Site{Title: "Riverside", URL: "https://www.example.gov/", TimeZone: "UTC", Notify: []config.Target{target}}
	n, err := New(Options{
		Config: config.Config{URL: "https://pressrun.example.gov", Sites: map[string]config.Site{"www": site}}, Ledger: l, Lines: l.Notices(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Begin(t.Context(), []string{"www"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { n.Run(ctx) })
	t.Cleanup(func() { cancel(); all.Wait() })
	for _, r := range []ledger.Request{
		{Title: "Hours", Actor: "Ana@example.gov"},
		{Title: "Menu", Actor: "ana@example.gov"},
		{Title: "Parking", Actor: "bob@example.gov"},
		{Title: "Spam", Actor: "mallory@example.com"},
		{Title: "None", Actor: "cms"},
	} {
		r.Site, r.Source = "www", release.FromContent
		if _, err := l.Accept(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	carryOut(t, l, "token", live)
	eventually.Holds(t, "everybody is told", func() bool { return len(srv.received()) >= 4 })
	told := map[string]string{}
	for _, g := range srv.received() {
		if len(g.to) != 1 {
			t.Errorf("it went to %v", g.to)
		}
		if told[g.to[0]] != "" {
			t.Errorf("%s was told twice", g.to[0])
		}
		told[g.to[0]] = g.text
	}
	for to, want := range map[string]string{
		"web@example.gov": "Release #1 of Riverside is live.", "ops@example.gov": "Release #1 of Riverside is live.",
		"ana@example.gov": "2 changes that you asked for are live on Riverside, with release #1.", "bob@example.gov": `"Parking" is live on Riverside, with release #1.`,
	} {
		if !strings.HasPrefix(told[to], want) {
			t.Errorf("%s was told %q, want %q", to, told[to], want)
		}
	}
}

// An e-mail that is put off, as by greylisting, holds up its own thread alone.
func TestAnEMailThatIsPutOffHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	srv := startMail(t, config.TLSStart, "PLAIN")
	var answer atomic.Int32 // to ana
	answer.Store(451)
	srv.refuse = func(to string) error {
		if code := int(answer.Load()); code != 0 && to == "ana@example.gov" {
			return &smtp.SMTPError{Code: code, Message: "try again later"}
		}
		return nil
	}
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(ledgerfile.Folder(t), "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": {}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	site := config.Site{Title: "Riverside", TimeZone: "UTC", Notify: []config.Target{mailTarget(t, srv, config.TLSStart)}}
	n, err := New(Options{
		Config: config.Config{URL: "https://pressrun.example.gov", Sites: map[string]config.Site{"www": site}}, Ledger: l, Lines: l.Notices(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Begin(t.Context(), []string{"www"}); err != nil {
		t.Fatal(err)
	}
	one := n.targets[0]
	one.pause = 0
	put := func(event int64, to string, number int64) {
		t.Helper()
		f := failure("Riverside")
		f.Event, f.To, f.Release = event, to, &release.Release{Number: number, Outcome: release.Failed}
		notice := noticeOf(t, f)
		notice.Target, notice.Release, notice.Until = one.NoticeTarget, number, time.Now().Add(Tried)
		if err := l.Notices().Put(t.Context(), notice); err != nil {
			t.Fatal(err)
		}
	}
	round := func() (next time.Duration, got string) {
		t.Helper()
		at, err := one.round(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range srv.received() {
			got += g.to[0] + " " + strings.TrimPrefix(strings.Fields(g.header.Get("References"))[0], "<release-")[:2] + ", "
		}
		return time.Until(at), got
	}
	put(1, "ana@example.gov", 12)
	put(2, "bob@example.gov", 12)
	put(3, "ana@example.gov", 12) // behind its own
	put(4, "web@example.gov", 13)
	next, got := round()
	if got != "bob@example.gov 12, web@example.gov 13, " || next > 2*firstWait || one.failures != 0 {
		t.Fatalf("got %s; the next is in %s, %d failures", got, next, one.failures)
	}
	put(5, "ana@example.gov", 14) // of another release: put off too, by itself
	if _, got = round(); got != "bob@example.gov 12, web@example.gov 13, " {
		t.Fatalf("got %s", got)
	}
	again := func() {
		t.Helper()
		line, err := l.NoticesInLine(t.Context(), one.NoticeTarget, most)
		if err != nil {
			t.Fatal(err)
		}
		for _, waits := range line {
			if err := l.Notices().Failed(t.Context(), waits, waits.Status, "again", time.Now().Add(-time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	answer.Store(421) // now it is the server: nobody behind is tried
	again()
	put(6, "bob@example.gov", 15)
	if _, got = round(); got != "bob@example.gov 12, web@example.gov 13, " || one.failures != 1 {
		t.Fatalf("got %s, %d failures", got, one.failures)
	}
	answer.Store(0)
	again()
	if _, got = round(); got != "bob@example.gov 12, web@example.gov 13, ana@example.gov 12, ana@example.gov 12, ana@example.gov 14, bob@example.gov 15, " {
		t.Errorf("got %s", got)
	}
}
