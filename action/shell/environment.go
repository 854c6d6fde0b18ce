package shell

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/environ"
)

// Environment are the variables of this process.
type Environment map[string]string

// NewEnvironment reads entries as os.Environ has them.
func NewEnvironment(entries []string) Environment {
	env := make(Environment, len(entries))
	for _, entry := range entries {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env
}

// Get is a variable's value; "" when it is not set.
func (e Environment) Get(name string) string { return e[name] }

// ForCommand is the environment of the site's own commands: this process's without the
// variables that are kept from builds, the build's profile, and the run's own variables.
func (e Environment) ForCommand(profile, ofRun map[string]string) []string {
	env := map[string]string{}
	for name, value := range e {
		if !environ.KeptFromBuilds(name) {
			env[name] = value
		}
	}
	maps.Copy(env, profile)
	maps.Copy(env, ofRun)
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// Profile reads the variables of a build profile: a line NAME=value each, as
// in a .env file. Empty lines and lines that begin with # are passed over; a
// value in double quotes is read as a JSON string, so that it may hold line
// breaks.
func Profile(lines string) (map[string]string, error) {
	out := map[string]string{}
	for i, line := range strings.Split(lines, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !isName(name) {
			return nil, failure.Usage("--build-env, line %d: not NAME=value", i+1)
		}
		if environ.KeptFromBuilds(name) {
			return nil, failure.Usage("--build-env, line %d: names such as %s are kept from builds", i+1, name)
		}
		if strings.HasPrefix(value, `"`) {
			if err := json.Unmarshal([]byte(value), &value); err != nil {
				return nil, failure.Usage("--build-env, line %d: the value of %s is not a JSON string: %v", i+1, name, err)
			}
		}
		if strings.ContainsRune(value, 0) {
			return nil, failure.Usage("--build-env, line %d: the value of %s holds a zero byte", i+1, name)
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
