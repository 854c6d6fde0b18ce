package publish

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/audit"
)

func TestTheAuditSaysWhatIsStillToBeDeleted(t *testing.T) {
	var out bytes.Buffer
	doc := auditDocument{Audit: audit.Audit{Files: 2, ToDelete: []string{"old/index.html"}}}
	if err := (&Audit{}).print(&terminal.Printer{Out: &out}, doc); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`to be deleted +old/index\.html`).MatchString(out.String()) {
		t.Errorf("got:\n%s", out.String())
	}
}
