package githubapp

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/test/fakegithub"
)

// A token is good for an hour of GitHub's. A machine whose clock is behind would use it for
// longer, and GitHub refuses that.
func TestATokenOfTheAppIsUsedForAsLongAsItIsGoodAtGitHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		right := func() time.Time { return time.Now().Add(20 * time.Minute) }
		b := start(t, fakegithub.Options{InProcess: true, Now: right}, func(o *Options) { o.Now = right })
		for _, token := range []string{"one", "two", "three"} {
			if _, err := b.runner.Dispatch(t.Context(), job(token)); err != nil {
				t.Errorf("dispatch %s: %v", token, err)
			}
			time.Sleep(65 * time.Minute)
		}
	})
}
