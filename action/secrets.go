package action

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretName tells the variables whose values are secrets by the words in their
// names, as a build's own credentials are called.
var secretName = regexp.MustCompile(`(?i)(?:^|[_-])(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS|APIKEY|(?:API|ACCESS|PRIVATE|SECRET|SIGNING)[_-]KEY)(?:$|[_-])`)

// shortestSecret is the length, in bytes, from which a value is looked for: what
// is shorter would be found in words that have nothing to do with it.
const shortestSecret = 8

// secretsIn gives the values that look like secrets by their variables' names,
// line by line, the longest first: one may be part of another.
func secretsIn(environments ...map[string]string) []string {
	var out []string
	for _, env := range environments {
		for name, value := range env {
			if !secretName.MatchString(name) {
				continue
			}
			for line := range strings.Lines(value) {
				if line = strings.TrimSpace(line); len(line) >= shortestSecret {
					out = append(out, line)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(out)
}

// hide takes credentials out of text that others will see: this run's, and
// those that its commands were given.
func (j *job) hide(text string) string {
	for _, secret := range append([]string{j.opts.Token, j.now().Session}, j.secrets...) {
		if len(secret) >= shortestSecret {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// shown is an address as people may see it: without the password or the query,
// which may be a key.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// withoutAddress is what went wrong with a call, without its address.
func withoutAddress(err error) error {
	for {
		wrapped, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = wrapped.Err
	}
}
