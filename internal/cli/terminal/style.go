package terminal

import (
	"os"
	"strings"
)

// Style is how a piece of text looks on a terminal that shows colours. Only the
// terminal's own first eight colours are used, and of these the ones that are read
// well on light and on dark ground: no yellow, no blue, no black or white.
type Style string

// The styles, as SGR parameters (ECMA-48, 8.3.117).
const (
	Plain Style = ""
	Bold  Style = "1"
	Good  Style = "32"   // green: as it should be
	Bad   Style = "1;31" // bold red: it failed
	Heed  Style = "35"   // magenta: somebody should look
	Busy  Style = "36"   // cyan: under way
)

// Paint gives a text a style, where the terminal shows colours.
func (p *Printer) Paint(s Style, text string) string {
	if !p.Colour || s == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// styles has the style of each first word of a state, an outcome or a result.
var styles = map[string]Style{
	"live": Good, "ready": Good, "ok": Good, "good": Good, "release": Good,
	"failed": Bad, "stale": Bad, "missing": Bad,
	"held": Heed, "paused": Heed, "frozen": Heed, "late": Heed, "retrying": Heed, "warning": Heed, "wait": Heed,
	"cancelled": Heed, "superseded": Heed, "rolled": Heed, "differs": Heed, "changed": Heed,
	"requested": Busy, "dispatched": Busy, "starting": Busy, "in": Busy, "complete": Busy,
}

// StyleOf is the style of a state, an outcome or a result, by its first word.
func StyleOf(words string) Style {
	first, _, _ := strings.Cut(strings.ToLower(words), " ")
	return styles[strings.TrimRight(first, ",:")]
}

// ShowsColours says whether a stream is written in colours: on a terminal, unless
// NO_COLOR (no-color.org), TERM=dumb or CLICOLOR=0 say otherwise; elsewhere only with
// CLICOLOR_FORCE (bixense.com/clicolors). NO_COLOR wins over all.
func ShowsColours(isTerminal bool, getenv func(string) string) bool {
	if getenv("NO_COLOR") != "" {
		return false
	}
	if force := getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return isTerminal && getenv("TERM") != "dumb" && getenv("CLICOLOR") != "0"
}

func environmentColours(isTerminal bool) bool { return ShowsColours(isTerminal, os.Getenv) }
