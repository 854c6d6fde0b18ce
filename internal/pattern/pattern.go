// Package pattern compiles a regular expression when it is first asked for: most commands
// of the program need none of them, and the start of each would pay for all. It knows
// nothing.
package pattern

import (
	"regexp"
	"sync"
)

// Of is the compiled expression, which must be a good one.
func Of(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
