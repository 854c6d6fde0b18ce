package workflow

import (
	"strings"

	"github.com/pressrun/pressrun/internal/text"
)

// OldCommand begins a workflow command in its older form. Unlike "::name::" it
// is obeyed wherever it stands in a line (actions/runner, ActionCommand.TryParse).
const OldCommand = "##["

// Line makes words a single line without characters or commands that a terminal or GitHub
// would obey. It is safe anywhere but at the beginning of a line.
func Line(words string) string {
	return strings.ReplaceAll(text.OneLine(words), OldCommand, "## [")
}
