package rules

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first asked for: most
// commands of the program need none of these, and the start of each would pay for all.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
