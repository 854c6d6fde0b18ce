package preview

import (
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
	"github.com/pressrun/pressrun/internal/preview"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../../docs/json/preview.txt", map[string]any{
		"preview create": createdDocument{}, "preview list": listDocument{}, "preview extend": preview.Record{},
		"preview report": reportedDocument{}, "preview remove": removedDocument{}, "preview sweep": sweptDocument{},
	})
}
