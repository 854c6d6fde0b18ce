package diff

import (
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../../docs/json/diff.txt", map[string]any{"diff": document{}, "diff --page": api.PageText{}})
}
