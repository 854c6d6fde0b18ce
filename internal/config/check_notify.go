package config

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/pattern"
)

func checkNotify(k *checker, key string, s Site) {
	seen := map[string]int{}
	for i, t := range s.Notify {
		at := fmt.Sprintf("%s.notify[%d]", key, i)
		if k.Has(at+".name") && !siteName().MatchString(t.Name) {
			k.wrong(at+".name", "%q is no name of a target; expected small letters, digits and hyphens (at most 63), such as cms", t.Name)
		}
		if first, twice := seen[t.Name]; twice && t.Name != "" {
			k.wrong(at+".name", "notify[%d] is called %q too; expected another name", first, t.Name)
		}
		seen[t.Name] = i
		checkTarget(k, at, t)
	}
}

func checkTarget(k *checker, at string, t Target) {
	kind, known := notify.FindKind(t.Kind)
	if !known {
		checkAddress(k, at, t.URL, t.URLFile)
		if k.Has(at + ".kind") {
			k.wrong(at+".kind", "%q is no kind of target; expected one of %s", t.Kind, strings.Join(notify.KindNames(), ", "))
		}
		return
	}
	checkTargetKeys(k, at, kind)
	switch {
	case kind.Name == "smtp":
		checkSMTP(k, at, t.SMTP)
	case kind.Name == "slack" && k.Has(at+".slack"):
		checkSlack(k, at+".slack", t.Slack)
	default:
		checkAddress(k, at, t.URL, t.URLFile)
	}
	checkQuietHours(k, at, t, kind)
	if d := t.Late.Std(); kind.HandsOff && k.Has(at+".late_after") && (d < time.Minute || d > 7*24*time.Hour) {
		k.wrong(at+".late_after", "%s is no time after which a hand-off is late; expected 1m to 168h", Duration(d))
	}
	switch signed := k.Has(at + ".secret_file"); {
	case signed && t.SecretFile == "":
		k.wrong(at+".secret_file", "is empty; expected the file with the secret")
	case signed && kind.Secret == notify.SecretNever:
		k.wrong(at+".secret_file", "messages of kind %s are not signed%s; expected no such key", kind.Name, unsigned(kind))
	case !signed && kind.Secret == notify.SecretNeeded:
		k.wrong(at, "messages of kind %s are signed; expected secret_file, with a secret such as from: echo whsec_$(openssl rand -base64 32)", kind.Name)
	}
	checkEvents(k, at+".events", t.Events, kind)
}

func checkEvents(k *checker, at string, patterns []string, kind notify.Kind) {
	for i, pattern := range patterns {
		eventAt := fmt.Sprintf("%s[%d]", at, i)
		types, err := notify.Selected([]string{pattern})
		if err != nil {
			k.wrong(eventAt, "%v; expected some of %s, or a beginning and *, such as request.*", err, typeList(kind))
			continue
		}
		told := false
		for _, one := range types {
			told = told || kind.Can(one)
		}
		if !told {
			k.wrong(eventAt, "kind %s does not tell of %q; expected some of %s", kind.Name, pattern, typeList(kind))
		}
	}
}

func typeList(kind notify.Kind) string {
	var words []string
	for _, t := range notify.Types() {
		if kind.Can(t) {
			words = append(words, string(t))
		}
	}
	return strings.Join(words, ", ")
}

// checkAddress checks an address that is called, given in the configuration or in a file.
func checkAddress(k *checker, at, address, file string) {
	hasURL, hasFile := k.Has(at+".url"), k.Has(at+".url_file")
	switch {
	case hasURL && hasFile:
		k.wrong(at+".url_file", "the address is given or in a file; expected one of url and url_file")
	case !hasURL && !hasFile:
		k.wrong(at, "has no address; expected url, or url_file where the address is a secret")
	case hasFile && file == "":
		k.wrong(at+".url_file", "is empty; expected the file with the address")
	}
	if !hasURL {
		return
	}
	if err := outbound.Check(address); err != nil {
		k.WrongSecret(at+".url", err.Error())
	}
}

// unsigned says what a kind of target has in place of a signature.
func unsigned(kind notify.Kind) string {
	if kind.Name == "smtp" {
		return ""
	}
	return ": the secret is the address"
}

// checkTargetKeys refuses keys that belong to another kind.
func checkTargetKeys(k *checker, at string, kind notify.Kind) {
	for _, c := range []struct {
		key, why string
		fits     bool
	}{
		{"slack", "is for kind slack", kind.Name == "slack"},
		{"smtp", "is for kind smtp", kind.Name == "smtp"},
		{"url", "is not for kind smtp, which has smtp.server", kind.Name != "smtp"},
		{"url_file", "is not for kind smtp, which has smtp.server", kind.Name != "smtp"},
		{"quiet_hours", "is for people, and kind " + kind.Name + " tells programs", kind.People},
		{"quiet_hours_except", "is for people, and kind " + kind.Name + " tells programs", kind.People},
		{"events", "is not for kind handoff, which is handed each release that goes live", !kind.HandsOff},
		{"dry_run", "is for kind handoff", kind.HandsOff},
		{"late_after", "is for kind handoff", kind.HandsOff},
		{"queue_longer_than", "is for people, and kind " + kind.Name + " tells programs", kind.People},
	} {
		if k.Has(at+"."+c.key) && !c.fits {
			k.wrong(at+"."+c.key, "%s; expected no such key", c.why)
		}
	}
	if kind.Name == "slack" && k.Has(at+".slack") && (k.Has(at+".url") || k.Has(at+".url_file")) {
		k.wrong(at+".slack", "messages are posted by a webhook's address or by an app; expected one of url_file and slack")
	}
}

func checkQuietHours(k *checker, at string, t Target, kind notify.Kind) {
	for i, text := range t.QuietHours {
		if _, err := calendar.ParseWindow(text); err != nil {
			k.wrong(fmt.Sprintf("%s.quiet_hours[%d]", at, i), "%v", err)
		}
	}
	if k.Has(at+".quiet_hours_except") && len(t.QuietHours) == 0 {
		k.wrong(at+".quiet_hours_except", "there are no quiet hours; expected quiet_hours beside it")
	}
	checkEvents(k, at+".quiet_hours_except", t.QuietHoursExcept, kind)
	if d := t.QueueLongerThan.Std(); k.Has(at+".queue_longer_than") && (d < time.Minute || d > 7*24*time.Hour) {
		k.wrong(at+".queue_longer_than", "%s is no wait to be told of; expected 1m to 168h", Duration(d))
	}
}

// slackChannel is a channel's ID, or its name after #
// (https://docs.slack.dev/reference/methods/chat.postMessage/#channels).
var slackChannel = pattern.Of(`^([CGD][A-Z0-9]{6,20}|#[^\s#@,]{1,80})$`)

func checkSlack(k *checker, at string, s SlackTarget) {
	if s.Channel != "" && !slackChannel().MatchString(s.Channel) {
		k.wrong(at+".channel", "%q is no channel; expected its ID, such as C0123456789, or #name", s.Channel)
	}
	if k.Has(at + ".api") {
		if err := outbound.Check(s.API); err != nil {
			k.WrongSecret(at+".api", err.Error())
		}
	}
	if s.TokenFile == "" {
		k.wrong(at, "has no token; expected token_file, with the app's Bot User OAuth Token")
	}
	if s.Channel == "" {
		k.wrong(at, "has no channel; expected its ID, such as C0123456789, or #name")
	}
}

// mostAddresses bounds how many people get e-mails of one target.
const mostAddresses = 20

func checkSMTP(k *checker, at string, s SMTPTarget) {
	key := at + ".smtp"
	if !k.Has(key) {
		k.wrong(at, "has no mail server; expected smtp, with server, from and to")
		return
	}
	host, port, err := net.SplitHostPort(s.Server)
	switch {
	case s.Server == "":
	case err != nil || host == "" || !validPort(port) || strings.ContainsAny(host, "/@ "):
		k.wrong(key+".server", "%q is no mail server; expected HOST:PORT, such as smtp.example.gov:587", s.Server)
	case s.Security() == TLSNone && !outbound.Loopback(host):
		k.wrong(key+".tls", "is none, and %s is not this machine; expected starttls or implicit", host)
	}
	switch s.Security() {
	case TLSStart, TLSImplicit, TLSNone:
	default:
		k.wrong(key+".tls", "%q is no way to encrypt; expected one of starttls, implicit, none", s.TLS)
	}
	if _, err := s.Sender(); s.From != "" && err != nil {
		k.wrong(key+".from", "%q %v; expected one such as pressrun@example.gov or Pressrun <pressrun@example.gov>", s.From, err)
	}
	checkRecipients(k, key, s)
	switch { // last: a mistake in the whole section hides those in its parts
	case s.Server == "":
		k.wrong(key, "has no server; expected HOST:PORT, such as smtp.example.gov:587")
	case s.From == "":
		k.wrong(key, "has no sender; expected from, such as pressrun@example.gov")
	case (s.Username == "") != (s.PasswordFile == ""):
		k.wrong(key, "signs in with half of what that needs; expected username and password_file, or neither")
	case len(s.To) == 0 && len(s.Askers) == 0:
		k.wrong(key, "goes to nobody; expected to, with addresses, or askers, with domains")
	}
}

var domainName = pattern.Of(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$`)

func checkRecipients(k *checker, key string, s SMTPTarget) {
	if len(s.To) > mostAddresses {
		k.wrong(key+".to", "are %d addresses; expected at most %d: make a mailing list", len(s.To), mostAddresses)
	}
	for i, to := range s.To {
		if !notify.IsAddress(to) {
			k.wrong(fmt.Sprintf("%s.to[%d]", key, i), "%q is no e-mail address; expected one such as web@example.gov", to)
		}
	}
	for i, domain := range s.Askers {
		if !domainName().MatchString(domain) {
			k.wrong(fmt.Sprintf("%s.askers[%d]", key, i), "%q is no domain; expected what stands after the @, such as example.gov", domain)
		}
	}
}
