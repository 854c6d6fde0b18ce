package preview

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/preview/serve"
)

// Serve shows previews.
type Serve struct {
	placeFlags
	Listen       string `default:"127.0.0.1:8090" placeholder:"ADDRESS" help:"Address to listen on (${default}). Port 0 takes a free one. Beyond this machine it needs a password."`
	Domain       string `default:"localhost" placeholder:"DOMAIN" help:"Previews are shown under NAME.DOMAIN (${default}, which browsers find on this machine)."`
	PasswordFile string `type:"path" env:"PRESSRUN_PREVIEW_PASSWORD_FILE" placeholder:"FILE" help:"File with the password that everybody has to give (${env}). Without one, previews with drafts are not shown."`
}

// Help has the examples.
func (Serve) Help() string {
	return `Shows the previews of a folder, each under a host of its own, so that an address in
a page is what it is on the public site. Nothing is cached, and search engines are told
to list nothing.

Examples:

  pressrun preview serve file:///srv/previews
  pressrun preview serve file:///srv/previews --domain preview.example.gov --password-file /run/secrets/preview`
}

// minPassword is the shortest password that is taken, in bytes.
const minPassword = 12

// Run serves until it is interrupted.
func (c *Serve) Run(ctx context.Context, t *terminal.Terminal) error {
	password, err := c.password()
	if err != nil {
		return usage(err)
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return usage(fmt.Errorf("--listen %s: expected an address such as 127.0.0.1:8090", c.Listen))
	}
	if password == "" && !outbound.Loopback(host) {
		return usage(fmt.Errorf("--listen %s: others than this machine can reach it: give --password-file", c.Listen))
	}
	place, err := c.open(ctx)
	if err != nil {
		return err
	}
	if _, here := place.Folder(""); !here {
		return usage(serve.ErrNoFolder)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return exit.With(exit.Usage, fmt.Errorf("listen on %s: %w: is another server there? --listen takes another address", c.Listen, err))
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	if _, err := fmt.Fprintf(t.Out, "previews are at http://%s:%s, each at http://NAME.%s:%s\n", c.Domain, port, c.Domain, port); err != nil {
		return errors.Join(err, listener.Close())
	}
	return until(ctx, listener, serve.New(place, c.Domain, password, t.Now))
}

// until serves until the context ends.
func until(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return server.Shutdown(within)
}

func (c *Serve) password() (string, error) {
	if c.PasswordFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if len(password) < minPassword {
		return "", fmt.Errorf("the password in %s has fewer than %d characters: take a longer one", c.PasswordFile, minPassword)
	}
	return password, nil
}
