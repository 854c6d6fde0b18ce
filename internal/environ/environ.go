// Package environ knows which environment variables are not for everybody. It
// is the one list of them: what a site's own commands must not see, and what a
// run on this machine must not inherit from the app.
package environ

import (
	"slices"
	"strings"
)

// ours begin the names of what belongs to a run itself and is none of a
// build's business: our tokens and settings, the workflow's inputs (a token may
// be among them), the saved state of GitHub's post step, what would let the
// build ask GitHub for an identity and claim the release in the run's name, and
// the runner's own access to artifacts and caches, which GitHub gives to
// actions but to no command of a workflow.
var ours = []string{"PRESSRUN_", "INPUT_", "STATE_", "ACTIONS_ID_TOKEN_REQUEST_", "ACTIONS_RUNTIME_TOKEN"}

// around begin the names of what speaks of a workflow that the app itself may
// run in: a run that took it for its own would report to a stranger.
var around = []string{"PRESSRUN_", "INPUT_", "STATE_", "GITHUB_", "ACTIONS_", "RUNNER_"}

// outside are the variables with the secrets of the CDNs and of the systems that keep
// figures. That none of package cdn's or figures' is missing here is held by a test.
var outside = []string{
	"FASTLY_API_TOKEN", "CLOUDFLARE_API_TOKEN", "PRESSRUN_CDN_WEBHOOK_SECRET",
	"DD_API_KEY", "PRESSRUN_PUSHGATEWAY_PASSWORD", "PRESSRUN_OTLP_HEADERS",
}

// KeptFromBuilds says whether a variable is kept from the commands of a site:
// its build, its installation, git. AWS's own credentials are not: builds fetch
// from S3 with them. Names count without regard to case, as Windows reads them.
func KeptFromBuilds(name string) bool {
	return begins(name, ours) || isOutside(name)
}

// Kept lists what KeptFromBuilds keeps: how names begin, and whole names.
func Kept() []string {
	kept := slices.Clone(ours)
	for _, name := range outside {
		if !begins(name, ours) {
			kept = append(kept, name)
		}
	}
	return kept
}

// ForBuild is an environment as of os.Environ without what is kept from builds.
func ForBuild(environ []string) []string {
	return without(environ, KeptFromBuilds)
}

// ForRun is the app's environment for a run on this machine: without what
// speaks of the app itself or of a workflow around it, and of the secrets of CDNs and
// other systems with none but those named, the ones of the run's own site.
func ForRun(environ []string, secrets ...string) []string {
	return without(environ, func(name string) bool {
		if slices.ContainsFunc(secrets, func(secret string) bool { return secret != "" && strings.EqualFold(name, secret) }) {
			return false
		}
		return begins(name, around) || isOutside(name)
	})
}

func without(environ []string, kept func(name string) bool) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return kept(name)
	})
}

func begins(name string, prefixes []string) bool {
	upper := strings.ToUpper(name)
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(upper, prefix) })
}

func isOutside(name string) bool {
	return slices.Contains(outside, strings.ToUpper(name))
}
