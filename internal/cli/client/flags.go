package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// AppFlags say which app to ask, and as whom.
type AppFlags struct {
	App       string `env:"PRESSRUN_URL" default:"http://127.0.0.1:8080" placeholder:"URL" help:"Address of the app (${env}; default ${default})."`
	TokenFile string `placeholder:"FILE" help:"File with the token. Or set PRESSRUN_TOKEN."`
}

// cliTries is how often a call that may be repeated is made. A person is
// waiting: a missing app must be told at once.
const cliTries = 2

// Client is a client of that app.
func (f AppFlags) Client(t *terminal.Terminal) (*api.Client, error) {
	token, err := f.token()
	if err != nil {
		return nil, err
	}
	client, err := api.NewClient(f.App, token, api.Options{Tries: cliTries, UserAgent: "pressrun/" + t.Version})
	if err != nil {
		return nil, exit.With(exit.Usage, err)
	}
	return client, nil
}

// ClientIn is Client whose answers tell times in a zone; "" for that of each site.
func (f AppFlags) ClientIn(t *terminal.Terminal, zone string) (*api.Client, error) {
	client, err := f.Client(t)
	if err != nil {
		return nil, err
	}
	return client.In(zone), nil
}

// Authorized adds the token to calls that are made by hand, and says whether there is
// one; with nil it only says so.
func (f AppFlags) Authorized() func(*http.Request) bool {
	token, _ := f.token() // Client has told of an error
	return func(r *http.Request) bool {
		if r != nil && token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return token != ""
	}
}

// maxToken bounds what is read as a token, in bytes.
const maxToken = 4 << 10

func (f AppFlags) token() (string, error) {
	if f.TokenFile == "" {
		return strings.TrimSpace(os.Getenv("PRESSRUN_TOKEN")), nil
	}
	file, err := os.Open(filepath.Clean(f.TokenFile))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || len(text) > maxToken || strings.ContainsAny(token, "\r\n\x00") {
		return "", exit.With(exit.Usage, fmt.Errorf("%s does not hold a token: expected one line", f.TokenFile))
	}
	return token, nil
}

// siteFlag names a site.
type siteFlag struct {
	Site string `env:"PRESSRUN_SITE" placeholder:"NAME" help:"The site (${env}). Not needed when the app has one only."`
}

// name is the site that is meant: the one given, or the only one there is.
func (f siteFlag) name(ctx context.Context, client *api.Client) (string, error) {
	return SiteName(ctx, client, f.Site)
}

// SiteName is the name of the site that is meant: the one given, or the only one there is.
func SiteName(ctx context.Context, client *api.Client, given string) (string, error) {
	if given != "" {
		return given, nil
	}
	sites, err := client.Sites(ctx)
	if err != nil {
		return "", err
	}
	names := make([]string, len(sites))
	for i, s := range sites {
		names[i] = text.Plain(s.Name)
	}
	switch len(names) {
	case 1:
		return sites[0].Name, nil
	case 0:
		return "", exit.With(exit.NotFound, errors.New("this token sees no site of the app"))
	default:
		return "", exit.With(exit.Usage, fmt.Errorf("which site? Give --site with one of: %s", strings.Join(names, ", ")))
	}
}
