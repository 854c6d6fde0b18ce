//go:build unix

package action_test

import (
	"strings"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/release"
)

func TestAGuardThatIsAllowedOncePassesInThatRunAlone(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, `mkdir -p public && echo "<title>x</title>" > public/index.html && : > public/empty.html`).with(app)
	b.wantExit(b.run("all"), failure.ExitRefused)
	stopped := app.now()
	if stopped.Last.Guards != guard.ZeroBytePages || stopped.Allowable() != guard.ZeroBytePages {
		t.Fatalf("the app was told of %q", stopped.Last.Guards)
	}
	app.must(release.LetPass{Act: release.Act{By: "olga", Why: "it is a probe"}, Guards: guard.ZeroBytePages})
	app.must(release.Tick{Token: "dispatch-token"})
	app.must(release.DispatchConfirmed{Token: "dispatch-token", Run: release.Run{ID: "run-2", Attempt: 1}})
	b.opts.Release, b.opts.RunID = app.now().Current.Number, "run-2"
	b.wantExit(b.run("all"), failure.ExitOK)
	if site := app.now(); site.Live.Number != stopped.Current.Number || site.Live.Allowed.By != "olga" {
		t.Errorf("live is %+v", site.Live)
	}
	said := b.out.String() + b.err.String()
	for _, want := range []string{"let pass this once, allowed by olga: zero-byte-pages (it is a probe)", "(zero-byte-pages, allowed once by olga)"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log lacks %q:\n%s", want, said)
		}
	}
}
