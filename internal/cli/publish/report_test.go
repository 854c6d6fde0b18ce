package publish

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/publish"
)

// full is a standard output on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestALiveReleaseThatCouldNotBePrintedIsNoFailedOne(t *testing.T) {
	p := &terminal.Printer{Out: io.Discard, Zone: time.UTC}
	if err := printPublished(p, publish.Report{Result: deploy.Result{Release: 7, Live: true}}); err != nil {
		t.Error(err)
	}
	p.Out = full{}
	for _, json := range []bool{false, true} {
		p.JSON = json
		err := printPublished(p, publish.Report{Result: deploy.Result{Release: 7, Live: true}})
		if err == nil || !strings.Contains(err.Error(), "release 7 is live, but what was done could not be printed: no space left") {
			t.Errorf("told as %v", err)
		}
	}
}
