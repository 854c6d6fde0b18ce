// Package pattern compiles a regular expression when it is first asked for: most commands
// of the program need none of them, and the start of each would pay for all. It imports
// no other package of Pressrun.
package pattern

import (
	"regexp"
	"sync"
)

// Of returns a function that compiles the expression at its first call. It panics if the
// expression is invalid.
func Of(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
