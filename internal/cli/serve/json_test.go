package serve

import (
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
	"github.com/pressrun/pressrun/internal/frontend"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../../docs/json/serve.txt", map[string]any{
		"init": initDocument{}, "detect": frontend.Project{}, "config check": checkDocument{}, "token new": tokenDocument{}, "token hash": hashDocument{},
		"health": healthDocument{}, "password": passwordDocument{}, "trigger explain": []explained{},
	})
}
