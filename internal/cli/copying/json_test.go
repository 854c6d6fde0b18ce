package copying

import (
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
	"github.com/pressrun/pressrun/internal/content/export"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../../docs/json/content.txt", map[string]any{"export": exportDocument{}, "export --dry-run": export.Estimate{}})
}
