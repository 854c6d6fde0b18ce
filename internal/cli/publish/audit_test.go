package main

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/engine"
)

func TestTheAuditSaysWhatIsStillToBeDeleted(t *testing.T) {
	var out bytes.Buffer
	doc := auditDocument{Audit: engine.Audit{Files: 2, ToDelete: []string{"old/index.html"}}}
	if err := (&auditCmd{}).print(&printer{out: &out}, doc); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`to be deleted +old/index\.html`).MatchString(out.String()) {
		t.Errorf("got:\n%s", out.String())
	}
}
