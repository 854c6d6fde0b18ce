package connect

import (
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../../docs/json/connect.txt", map[string]any{
		"hook new, hook rotate": api.HookAddress{}, "hook revoke": revokedDocument{}, "hook list": []api.Hook{}, "hook deliveries": []api.HookDelivery{},
		"notice list": []api.Notice{}, "notice replay": api.ReplayedResult{}, "notice show, notice test": api.Notice{},
	})
}
