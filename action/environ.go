package action

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// environment is what this process was started with.
type environment map[string]string

func newEnvironment(environ []string) environment {
	env := make(environment, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env
}

func (e environment) get(name string) string { return e[name] }

// private says whether a variable is the run's own and none of a build's
// business: our tokens and settings, the workflow's inputs (a token may be
// among them), the saved state of GitHub's post step, and what would let the
// build ask GitHub for an identity and claim the release in the run's name.
func private(name string) bool {
	upper := strings.ToUpper(name)
	for _, prefix := range []string{"PRESSRUN_", "INPUT_", "STATE_", "ACTIONS_ID_TOKEN_REQUEST_"} {
		if strings.HasPrefix(upper, prefix) {
			return true
		}
	}
	return false
}

// forCommand is the environment of the site's own commands: this process's
// without what is private, the build's profile, and what the run tells.
func (e environment) forCommand(profile, told map[string]string) []string {
	env := map[string]string{}
	for name, value := range e {
		if !private(name) {
			env[name] = value
		}
	}
	maps.Copy(env, profile)
	maps.Copy(env, told)
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// profile reads the variables of a build profile: a line NAME=value each, as
// in a .env file. Empty lines and lines that begin with # are passed over; a
// value in double quotes is read as a JSON string, so that it may hold line
// breaks.
func profile(lines string) (map[string]string, error) {
	out := map[string]string{}
	for i, line := range strings.Split(lines, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !isName(name) {
			return nil, usage("--build-env, line %d: not NAME=value", i+1)
		}
		if private(name) {
			return nil, usage("--build-env, line %d: names such as %s are Pressrun's own", i+1, name)
		}
		if strings.HasPrefix(value, `"`) {
			if err := json.Unmarshal([]byte(value), &value); err != nil {
				return nil, usage("--build-env, line %d: the value of %s is not a JSON string: %v", i+1, name, err)
			}
		}
		if strings.ContainsRune(value, 0) {
			return nil, usage("--build-env, line %d: the value of %s holds a zero byte", i+1, name)
		}
		out[name] = value
	}
	return out, nil
}

func isName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
