// Package pattern compiles regular expressions at their first use: most commands of the
// program use none, and each would compile all at its start. It imports no other package of
// Pressrun.
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
