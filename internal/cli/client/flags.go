package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
)

// appFlags say which app to ask, and as whom.
type appFlags struct {
	App       string `env:"PRESSRUN_URL" default:"http://127.0.0.1:8080" placeholder:"URL" help:"Address of the app (${env}; default ${default})."`
	TokenFile string `placeholder:"FILE" help:"File with the token. Or set PRESSRUN_TOKEN."`
}

// cliTries is how often a call that may be repeated is made. A person is
// waiting: a missing app must be told at once.
const cliTries = 2

func (f appFlags) client() (*api.Client, error) {
	token, err := f.token()
	if err != nil {
		return nil, err
	}
	client, err := api.NewClient(f.App, token, api.Options{Tries: cliTries, UserAgent: "pressrun/" + buildVersion()})
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	return client, nil
}

// maxToken bounds what is read as a token, in bytes.
const maxToken = 4 << 10

func (f appFlags) token() (string, error) {
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
		return "", withCode(exitUsage, fmt.Errorf("%s does not hold a token: expected one line", f.TokenFile))
	}
	return token, nil
}

// siteFlag names a site.
type siteFlag struct {
	Site string `env:"PRESSRUN_SITE" placeholder:"NAME" help:"The site (${env}). Not needed when the app has one only."`
}

// name is the site that is meant: the one given, or the only one there is.
func (f siteFlag) name(ctx context.Context, client *api.Client) (string, error) {
	if f.Site != "" {
		return f.Site, nil
	}
	sites, err := client.Sites(ctx)
	if err != nil {
		return "", err
	}
	names := make([]string, len(sites))
	for i, s := range sites {
		names[i] = plain(s.Name)
	}
	switch len(names) {
	case 1:
		return sites[0].Name, nil
	case 0:
		return "", withCode(exitNotFound, errors.New("this token sees no site of the app"))
	default:
		return "", withCode(exitUsage, fmt.Errorf("which site? Give --site with one of: %s", strings.Join(names, ", ")))
	}
}

// outputFlags say how answers are printed.
type outputFlags struct {
	JSON     bool   `name:"json" help:"Print JSON: the types of the HTTP API."`
	TimeZone string `placeholder:"ZONE" help:"Zone of the times that people read, e.g. America/New_York (default: this machine's)."`
}

// Validate refuses an unknown zone before anything is asked.
func (f outputFlags) Validate() error {
	if f.TimeZone == "" {
		return nil
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil {
		return fmt.Errorf("--time-zone: %q is no time zone; expected an IANA name such as Europe/London", f.TimeZone)
	}
	return nil
}

func (f outputFlags) printer(t *terminal) *printer {
	p := &printer{out: t.out, zone: t.local, json: f.JSON, now: t.now}
	if f.TimeZone == "" {
		return p
	}
	if zone, err := time.LoadLocation(f.TimeZone); err == nil {
		p.zone = zone
	}
	return p
}

// parseInstant reads an instant: 2026-12-24T18:00:00+01:00, a local "2026-12-24
// 18:00", the next 18:00, or a span from now such as 2h.
func parseInstant(text string, now time.Time, local *time.Location) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, text, local); err == nil {
			return at, nil
		}
	}
	if at, err := time.ParseInLocation("15:04", text, local); err == nil {
		return nextClock(at, now.In(local)), nil
	}
	if span, err := time.ParseDuration(strings.TrimPrefix(text, "+")); err == nil && span > 0 {
		return now.Add(span).Truncate(time.Second), nil
	}
	return time.Time{}, fmt.Errorf(`%q is no instant; expected 2026-12-24T18:00:00+01:00, "2026-12-24 18:00" or 18:00 (this machine's zone), or a span from now such as 2h`, text)
}

// nextClock is the next time that the clock shows a time of day.
func nextClock(clock, now time.Time) time.Time {
	at := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if at.After(now) {
		return at
	}
	return time.Date(now.Year(), now.Month(), now.Day()+1, clock.Hour(), clock.Minute(), 0, 0, now.Location())
}
