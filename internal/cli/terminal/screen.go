package terminal

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Span is a piece of a line in one style.
type Span struct {
	Style Style
	Text  string
}

// Line is a line of a Screen.
type Line []Span

// The control sequences of a terminal (ECMA-48; xterm's ctlseqs for the private modes):
// its other screen, the cursor, whether long lines break, and what is erased.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	toTop       = "\x1b[H"
	restOfLine  = "\x1b[K"
	restBelow   = "\x1b[J"
)

// Screen is a terminal's other screen, drawn in place. What was on the terminal before
// is there again once it is closed.
type Screen struct {
	out    io.Writer
	colour bool
	last   string
}

// OpenScreen turns to the terminal's other screen. The caller closes it, whatever
// happens: a terminal left there has no cursor.
func OpenScreen(t *Terminal) (*Screen, error) {
	_, err := io.WriteString(t.Out, enterScreen)
	return &Screen{out: t.Out, colour: t.Colour}, err
}

// Close gives the terminal back as it was.
func (s *Screen) Close() error {
	_, err := io.WriteString(s.out, leaveScreen)
	return err
}

// Draw puts lines in place of those before them, and writes nothing where these are
// there already. What does not fit a size of width and height is cut; 0 is a size that
// is not known.
func (s *Screen) Draw(lines []Line, width, height int) error {
	if height > 0 && len(lines) > height {
		lines = lines[:height]
	}
	p := Printer{Colour: s.colour}
	var frame strings.Builder
	frame.WriteString(toTop)
	for i, line := range lines {
		if i > 0 {
			frame.WriteString("\r\n")
		}
		for _, span := range line.cut(width) {
			frame.WriteString(p.Paint(span.Style, span.Text))
		}
		frame.WriteString(restOfLine)
	}
	frame.WriteString(restBelow)
	if frame.String() == s.last {
		return nil
	}
	s.last = frame.String()
	_, err := io.WriteString(s.out, s.last)
	return err
}

// Resized has the next Draw write all anew: a terminal moves its lines about when its
// size changes.
func (s *Screen) Resized() { s.last = "" }

// cut is a line of at most so many characters; 0 for any number.
func (l Line) cut(width int) Line {
	if width == 0 {
		return l
	}
	room, out := width, Line{}
	for _, span := range l {
		length := utf8.RuneCountInString(span.Text)
		if length > room {
			return append(out, Span{span.Style, shorten(span.Text, room)})
		}
		room -= length
		out = append(out, span)
	}
	return out
}
