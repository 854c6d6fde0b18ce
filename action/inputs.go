package action

import (
	"strings"

	"github.com/alecthomas/kong"
)

// Inputs finds the value of a flag in the environment: --build-timeout is
// PRESSRUN_BUILD_TIMEOUT, or the input "build-timeout" of the GitHub action
// (INPUT_BUILD-TIMEOUT). Set but empty counts as not set: GitHub sets the
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

// inputNames are the variables that a flag is looked for in, best first.
func inputNames(flag string) []string {
	upper := strings.ToUpper(flag)
	plain := strings.ReplaceAll(upper, "-", "_")
	return []string{"PRESSRUN_" + plain, "INPUT_" + upper, "INPUT_" + plain}
}

// token is the credential for the app: only ever from the environment or a
// file.
func token(get func(string) string) string {
	if t := strings.TrimSpace(get("PRESSRUN_TOKEN")); t != "" {
		return t
	}
	return strings.TrimSpace(get("INPUT_TOKEN"))
}
