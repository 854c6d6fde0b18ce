package console

import (
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

// SecretsIn gives the values that look like secrets by their variables' names,
// line by line, the longest first: one may be part of another.
func SecretsIn(environments ...map[string]string) []string {
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
