// Package environ has the one list of environment variables that a site's own commands
// must not see, and that a run on this machine must not inherit from the app.
package environ

import (
	"slices"
	"strings"
)

// runPrefixes begin the names of variables that belong to the run and that its build must
// not see: Pressrun's tokens and settings, the workflow's inputs (a token may be among
// them), the saved state of GitHub's post step, the access by which the build could ask
// GitHub for an identity and claim the release in the run's name, and the runner's own
// access to artifacts and caches, which GitHub gives to actions but not to commands of a
// workflow.
var runPrefixes = []string{"PRESSRUN_", "INPUT_", "STATE_", "ACTIONS_ID_TOKEN_REQUEST_", "ACTIONS_RUNTIME_TOKEN"}

// workflowPrefixes begin the names of variables of a workflow that the app itself may run
// in: a run that took them for its own would report to the wrong workflow.
var workflowPrefixes = []string{"PRESSRUN_", "INPUT_", "STATE_", "GITHUB_", "ACTIONS_", "RUNNER_"}

// secretVariables hold the secrets of the CDNs and of the metrics systems. A test makes
// sure that none of those that packages cdn and figures read is missing here.
var secretVariables = []string{
	"FASTLY_API_TOKEN", "CLOUDFLARE_API_TOKEN", "PRESSRUN_CDN_WEBHOOK_SECRET",
	"DD_API_KEY", "PRESSRUN_PUSHGATEWAY_PASSWORD", "PRESSRUN_OTLP_HEADERS",
}

// KeptFromBuilds says whether the commands of a site (its build, its installation, git)
// must not see a variable. AWS's own credentials are not: builds fetch from S3 with them.
// Names count without regard to case, as Windows reads them.
func KeptFromBuilds(name string) bool {
	return begins(name, runPrefixes) || isOutside(name)
}

// Kept lists the variables that KeptFromBuilds holds back: the beginnings of names, and
// whole names.
func Kept() []string {
	kept := slices.Clone(runPrefixes)
	for _, name := range secretVariables {
		if !begins(name, runPrefixes) {
			kept = append(kept, name)
		}
	}
	return kept
}

// ForBuild is an environment in the form of os.Environ, without the variables that builds
// must not see.
func ForBuild(environ []string) []string {
	return without(environ, KeptFromBuilds)
}

// ForRun is the app's environment for a run on this machine: without the variables of the
// app itself and of a workflow around it, and without the secrets of CDNs and metrics
// systems, except those named: the ones of the run's own site.
func ForRun(environ []string, secrets ...string) []string {
	return without(environ, func(name string) bool {
		if slices.ContainsFunc(secrets, func(secret string) bool { return secret != "" && strings.EqualFold(name, secret) }) {
			return false
		}
		return begins(name, workflowPrefixes) || isOutside(name)
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
	return slices.Contains(secretVariables, strings.ToUpper(name))
}
