package githubapp

import (
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/text"
)

// Change is a change of the App's installation on an account.
type Change struct {
	// Account is its account, and By who changed it: both are GitHub logins.
	Account, By string
	// Repositories are those that the webhook names (owner/name), and Removed those that
	// the App lost.
	Repositories []string `json:",omitempty"`
	Removed      []string `json:",omitempty"`
}

type (
	account struct {
		Login string `json:"login"`
		ID    int64  `json:"id"`
		Type  string `json:"type"`
	}
	named struct {
		FullName string `json:"full_name"`
	}
)

func changeOf(b webhookBody) *Change {
	names := func(all ...named) []string {
		var out []string
		for _, r := range all {
			out = append(out, r.FullName)
		}
		return out
	}
	return &Change{
		Account: b.Installation.Account.Login, By: text.Shorten(text.OneLine(b.Sender.Login), 80),
		Repositories: names(slices.Concat(b.Repositories, b.Added)...), Removed: names(b.Removed...),
	}
}

// Concerned are the names of the sites that a change of the installation affects: those
// of the repositories that it names or, if it names none, of the account.
func (s Sites) Concerned(c Change) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s)) {
		site := s[name]
		same := func(repository string) bool { return strings.EqualFold(repository, site.Repository) }
		named := slices.Concat(c.Repositories, c.Removed)
		if slices.ContainsFunc(named, same) || len(named) == 0 && strings.EqualFold(c.Account, site.owner()) {
			out = append(out, name)
		}
	}
	return out
}

// changes describe the actions of the webhook installation
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation).
var changes = map[string]string{
	"created": "the GitHub App was installed", "deleted": "the GitHub App was uninstalled: no release can be dispatched",
	"suspend": "the GitHub App was suspended: no release can be dispatched", "unsuspend": "the GitHub App is no longer suspended",
	"new_permissions_accepted": "the GitHub App's new permissions were accepted",
}

// InWords describes a change of the installation for a site.
func (s Sites) InWords(site, action string, c Change) string {
	repository := s[site].Repository
	same := func(name string) bool { return strings.EqualFold(name, repository) }
	switch {
	case slices.ContainsFunc(c.Removed, same):
		return "the GitHub App was taken from " + repository + ": no release can be dispatched"
	case action == "added":
		return "the GitHub App was given " + repository
	case changes[action] != "":
		return changes[action]
	}
	return "the GitHub App's installation changed: " + text.Shorten(text.OneLine(action), 40)
}
