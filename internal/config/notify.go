package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/notify"
)

// Target is a receiver of notices about a site.
type Target struct {
	// Name is the target's unique name at the site, in commands and in all records.
	Name string `yaml:"name" json:"name"`
	// Kind is the form of its notices: webhook (signed CloudEvents), netlify, datocms, otlp (traces) or
	// handoff (content that went live, docs/handoff.md) for programs, slack, teams or smtp (e-mail) for
	// people; docs/notices.md describes each.
	Kind string `yaml:"kind" json:"kind"`
	// URL is its address: https, or plain http on this machine.
	URL string `yaml:"url" json:"url,omitempty"`
	// URLFile holds the address instead, where that is a secret.
	URLFile string `yaml:"url_file" json:"url_file,omitempty"`
	// SecretFile holds the secret with which messages are signed: one a line, the
	// newest first.
	SecretFile string `yaml:"secret_file" json:"secret_file,omitempty"`
	// Events are the events that it is notified of, such as request.* or release.live.
	// When left out, programs get all events that their kind supports, and people those
	// that matter to them.
	Events []string `yaml:"events" json:"events,omitempty"`
	// Slack says how messages are posted by an app of yours, for kind: slack without an
	// address.
	Slack SlackTarget `yaml:"slack" json:"slack,omitzero"`
	// SMTP says how e-mails are sent, for kind: smtp.
	SMTP SMTPTarget `yaml:"smtp" json:"smtp,omitzero"`
	// QuietHours are windows in which people get no notices, such as "22:00-07:00" or
	// "Sat,Sun 00:00-24:00", in the site's time zone. Afterwards they get a digest.
	QuietHours []string `yaml:"quiet_hours" json:"quiet_hours,omitempty"`
	// QuietHoursExcept are events that are sent in quiet hours too, such as site.held.
	QuietHoursExcept []string `yaml:"quiet_hours_except" json:"quiet_hours_except,omitempty"`
	// QueueLongerThan is how long the oldest request may wait before people are told
	// of it, as site.queue_long; 1m to 168h.
	QueueLongerThan *Duration `yaml:"queue_longer_than" json:"queue_longer_than,omitempty" jsonschema:"default=1h"`
	// DryRun is for kind: handoff: hand-offs are shown, and not sent.
	DryRun bool `yaml:"dry_run" json:"dry_run,omitempty"`
	// Late is for kind: handoff: how long after a release went live its hand-off counts
	// as late if the receiver has not taken it; 1m to 168h.
	Late *Duration `yaml:"late_after" json:"late_after,omitempty" jsonschema:"default=15m"`
}

// lateAfter is the default of late_after.
const lateAfter = 15 * time.Minute

// LateAfter is how long after a release went live its hand-off counts as late.
func (t Target) LateAfter() time.Duration {
	if t.Late == nil {
		return lateAfter
	}
	return t.Late.Std()
}

// Traced says whether the site has a target that gets traces of its releases.
func (s Site) Traced() bool {
	return slices.ContainsFunc(s.Notify, func(t Target) bool { return t.Kind == "otlp" })
}

// HandOffs are the targets that get hand-offs.
func (s Site) HandOffs() []Target {
	return slices.DeleteFunc(slices.Clone(s.Notify), func(t Target) bool {
		kind, _ := notify.FindKind(t.Kind)
		return !kind.HandsOff
	})
}

// SlackTarget says how messages are posted to Slack by an app of yours.
type SlackTarget struct {
	// TokenFile holds the app's Bot User OAuth Token, which begins with xoxb-.
	TokenFile string `yaml:"token_file" json:"token_file,omitempty"`
	// Channel is the channel's ID, such as C0123456789, or #name.
	Channel string `yaml:"channel" json:"channel,omitempty"`
	// API is the address of Slack's API, if it is another than the default: for GovSlack
	// https://slack-gov.com/api.
	API string `yaml:"api" json:"api,omitempty" jsonschema:"default=https://slack.com/api"`
}

// SMTPTarget says how e-mails are sent.
type SMTPTarget struct {
	// Server is the mail server, as HOST:PORT: 587 for starttls, 465 for implicit.
	Server string `yaml:"server" json:"server,omitempty"`
	// TLS says how the connection is encrypted: starttls, implicit, or none, which is
	// only for a server on this machine; implicit for port 465 and starttls for others
	// when left out.
	TLS string `yaml:"tls" json:"tls,omitempty" jsonschema:"enum=starttls,enum=implicit,enum=none"`
	// CAFile holds CA certificates (PEM) for the server's, if this machine does not trust
	// their issuer.
	CAFile string `yaml:"ca_file" json:"ca_file,omitempty"`
	// Username is the user name at the server, with the password in PasswordFile; no
	// sign-in when left out.
	Username string `yaml:"username" json:"username,omitempty"`
	// PasswordFile holds the password.
	PasswordFile string `yaml:"password_file" json:"password_file,omitempty"`
	// From is the sender, such as pressrun@example.gov or Pressrun <pressrun@example.gov>.
	From string `yaml:"from" json:"from,omitempty"`
	// To are the recipients of the e-mails; each gets one of its own.
	To []string `yaml:"to" json:"to,omitempty"`
	// Askers are domains: a person who asked for a release, and whose e-mail address is
	// in one of them, is told its result.
	Askers []string `yaml:"askers" json:"askers,omitempty"`
}

// How a connection to a mail server is encrypted.
const (
	TLSStart    = "starttls"
	TLSImplicit = "implicit"
	TLSNone     = "none"
)

// Security says how the connection to the server is encrypted.
func (s SMTPTarget) Security() string {
	switch {
	case s.TLS != "":
		return s.TLS
	case strings.HasSuffix(s.Server, ":465"):
		return TLSImplicit
	}
	return TLSStart
}

// Sender is the address of From.
func (s SMTPTarget) Sender() (*mail.Address, error) {
	from, err := mail.ParseAddress(s.From)
	if err != nil || !notify.IsAddress(from.Address) {
		return nil, errors.New("is no e-mail address")
	}
	return from, nil
}

// The defaults of slack.api and queue_longer_than.
const (
	slackAPI        = "https://slack.com/api"
	queueLongerThan = time.Hour
)

// Address is the address of Slack's API.
func (s SlackTarget) Address() string {
	if s.API == "" {
		return slackAPI
	}
	return strings.TrimRight(s.API, "/")
}

// Policy is the policy of a target of people: which notices they get, and when.
func (t Target) Policy(s Site) (notify.Policy, error) {
	kind, _ := notify.FindKind(t.Kind)
	p := notify.Policy{Wanted: kind.Usual, Quiet: calendar.Schedule{Zone: s.Location()}, Updates: t.Slack.TokenFile != ""}
	if p.Updates {
		p.Wanted = append(slices.Clip(p.Wanted), notify.ReleaseStarted)
	}
	if t.Events != nil {
		wanted, err := t.Selected()
		if err != nil {
			return p, err
		}
		p.Wanted = wanted
	}
	for _, text := range t.QuietHours {
		w, err := calendar.ParseWindow(text)
		if err != nil {
			return p, err
		}
		p.Quiet.Windows = append(p.Quiet.Windows, w)
	}
	var err error
	p.Through, err = notify.Selected(t.QuietHoursExcept)
	return p, err
}

// LongestQueue is how long the oldest request may wait.
func (t Target) LongestQueue() time.Duration {
	if t.QueueLongerThan == nil {
		return queueLongerThan
	}
	return t.QueueLongerThan.Std()
}

// Selected are the types of facts that a target gets; nil for all.
func (t Target) Selected() ([]notify.Type, error) {
	if t.Events == nil {
		return nil, nil
	}
	return notify.Selected(t.Events)
}

// Target finds a target of the site by its name.
func (s Site) Target(name string) (Target, bool) {
	for _, t := range s.Notify {
		if t.Name == name {
			return t, true
		}
	}
	return Target{}, false
}

// Public is what the app shows of a site without a token.
type Public struct {
	// Badge shows the status of the site at /badge/SITE.svg, to everybody.
	Badge bool `yaml:"badge" json:"badge,omitempty"`
	// EmbedOrigins are the origins of pages that may show the status of the site, such as
	// https://cms.example.gov.
	EmbedOrigins []string `yaml:"embed_origins" json:"embed_origins,omitempty"`
	// EmbedSHA256 are the hashes of the tokens that those pages use, which are valid for
	// nothing else. `pressrun token hash` makes one.
	EmbedSHA256 []string `yaml:"embed_sha256" json:"embed_sha256,omitempty"`
}

func checkPublic(k *checker, key string, p Public) {
	for i, origin := range p.EmbedOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Scheme+"://"+u.Host != origin {
			k.wrong(fmt.Sprintf("%s.embed_origins[%d]", key, i), "%q is no origin; expected a scheme and host alone, such as https://cms.example.gov", origin)
		}
	}
	for i, hash := range p.EmbedSHA256 {
		k.tokenHash(fmt.Sprintf("%s.embed_sha256[%d]", key, i), hash)
	}
	switch {
	case len(p.EmbedOrigins) > 0 && len(p.EmbedSHA256) == 0:
		k.wrong(key+".embed_origins", "no token is good for them; expected embed_sha256 beside it")
	case len(p.EmbedSHA256) > 0 && len(p.EmbedOrigins) == 0:
		k.wrong(key+".embed_sha256", "no page may use them; expected embed_origins beside it")
	}
}
