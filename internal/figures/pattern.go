package figures

import (
	"regexp"
	"sync"
)

// pattern compiles an expression when it is first used: most runs send no figures.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
