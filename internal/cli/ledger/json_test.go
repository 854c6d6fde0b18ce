package ledger

import (
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
	"github.com/pressrun/pressrun/internal/ledger/transfer"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../../docs/json/ledger.txt", map[string]any{"ledger move": transfer.Report{}})
}
