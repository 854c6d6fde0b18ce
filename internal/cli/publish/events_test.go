package publish_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/deploy"
)

func TestADeploysEventsAreLinesOfJSON(t *testing.T) {
	build := t.TempDir()
	for _, name := range []string{"index.html", "a.css"} {
		if err := os.WriteFile(filepath.Join(build, name), []byte("one"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := clitest.Run(t, clitest.Invocation{Args: []string{"deploy", build, "file://" + filepath.Join(t.TempDir(), "www"), "--progress", "json", "--json"}})
	if o.Code != 0 {
		t.Fatal(o.Err)
	}
	type event struct {
		Phase string
		All   struct{ Done, Total, Bytes int64 }
	}
	var last event
	for line := range strings.Lines(o.Err) {
		last = event{}
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	if last.Phase != "entry pages" || last.All.Done != 2 || last.All.Total != 2 || last.All.Bytes != 6 {
		t.Errorf("the last event is %+v", last)
	}
	var r deploy.Result
	if err := json.Unmarshal([]byte(o.Out), &r); err != nil || !r.Live {
		t.Errorf("%v: %s", err, o.Out)
	}
}
