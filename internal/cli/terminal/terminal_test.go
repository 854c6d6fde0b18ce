package terminal

import (
	"testing"
)

func TestNoColorAsksForPlainText(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	if term := New(); term.Progress || term.Screen {
		t.Error("NO_COLOR asks for plain text")
	}
}
