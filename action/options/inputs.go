package options

import (
	"strings"

	"github.com/alecthomas/kong"
)

// Inputs finds the value of a flag in the environment: --build-timeout is
// PRESSRUN_BUILD_TIMEOUT, or the input "build-timeout" of the GitHub action
// (INPUT_BUILD-TIMEOUT); --endpoint is PRESSRUN_S3_ENDPOINT. Set but empty counts as not set: GitHub sets the
// inputs that nobody gave to nothing.
func Inputs(get func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range inputNames(flag.Name) {
			if value := strings.TrimSpace(get(name)); value != "" {
				return value, nil
			}
		}
		return nil, nil
	})
}

// inputNames are the variables in which a flag's value is looked for, in this order.
func inputNames(flag string) []string {
	upper := strings.ToUpper(flag)
	plain := strings.ReplaceAll(upper, "-", "_")
	names := []string{"PRESSRUN_" + plain, "INPUT_" + upper, "INPUT_" + plain}
	if flag == "endpoint" {
		return append([]string{endpointVariable}, names...)
	}
	return names
}

// endpointVariable has the store's address for every command of the program. Earlier
// versions of runs read oldEndpointVariable instead, and it is still read.
const (
	endpointVariable    = "PRESSRUN_S3_ENDPOINT"
	oldEndpointVariable = "PRESSRUN_ENDPOINT"
)

// Renamed is the note for an address of the store that came by the variable's old name; ""
// for none.
func Renamed(endpoint string, get func(string) string) string {
	old := strings.TrimSpace(get(oldEndpointVariable))
	if old == "" || old != endpoint || strings.TrimSpace(get(endpointVariable)) != "" {
		return ""
	}
	return oldEndpointVariable + " is called " + endpointVariable + " now, as in the other commands: it was read this time, set the new name instead"
}

// GitHubToken is the token that asks GitHub for checks: only ever from the environment.
func GitHubToken(get func(string) string) string {
	if t := strings.TrimSpace(get("PRESSRUN_GITHUB_TOKEN")); t != "" {
		return t
	}
	return strings.TrimSpace(get("INPUT_GITHUB-TOKEN"))
}

// Token is the credential for the app: only ever from the environment or a
// file.
func Token(get func(string) string) string {
	if t := strings.TrimSpace(get("PRESSRUN_TOKEN")); t != "" {
		return t
	}
	return strings.TrimSpace(get("INPUT_TOKEN"))
}
