package terminal

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/text"
)

const (
	// gap is the space between two columns.
	gap = 2
	// enough is how many characters of its last column a table shows before others
	// are left out for it, and least how narrow a column may become.
	enough, least = 24, 8
)

// oneCell keeps a cell on its line and in its column.
var oneCell = strings.NewReplacer("\n", " ", "\t", " ")

// Table writes rows in columns, the first of them the headings. Their text may come
// from anywhere. On a terminal that is too narrow the columns with the given headings
// are left out, in their order, as long as there is no room for the last one; what is
// still too long is cut, with a … in its place. In files and pipes all is there.
func (p *Printer) Table(rows [][]string, spare ...string) error {
	rows = cells(rows)
	for _, heading := range spare {
		if p.fits(rows) {
			break
		}
		rows = without(rows, heading)
	}
	widths := p.cut(widthsOf(rows))
	for i, row := range rows {
		var line strings.Builder
		room := 0
		for c, cell := range row {
			cell = shorten(cell, widths[c])
			line.WriteString(strings.Repeat(" ", room) + p.Paint(p.styleOf(rows, i, c), cell))
			room = widths[c] - utf8.RuneCountInString(cell) + gap
		}
		if _, err := fmt.Fprintln(p.Out, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// cells are rows whose text stays in its place.
func cells(rows [][]string) [][]string {
	all := make([][]string, len(rows))
	for i, row := range rows {
		all[i] = make([]string, len(row))
		for c, cell := range row {
			all[i][c] = oneCell.Replace(text.Plain(cell))
		}
	}
	return all
}

// colouredColumns are the headings of columns whose words have a colour.
var colouredColumns = []string{"STATE", "OUTCOME", "RESULT", "DECISION"}

func (p *Printer) styleOf(rows [][]string, row, column int) Style {
	heading := rows[0][min(column, len(rows[0])-1)]
	switch {
	case row == 0:
		return Bold
	case slices.Contains(colouredColumns, heading):
		return StyleOf(rows[row][column])
	default:
		return Plain
	}
}

func widthsOf(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for c, cell := range row {
			if c == len(widths) {
				widths = append(widths, 0)
			}
			widths[c] = max(widths[c], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// total is how wide a table is.
func total(widths []int) int {
	sum := gap * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// fits says whether enough of a table's last column has room.
func (p *Printer) fits(rows [][]string) bool {
	widths := widthsOf(rows)
	if p.Width == 0 || len(widths) == 0 {
		return true
	}
	last := len(widths) - 1
	widths[last] = min(widths[last], enough)
	return total(widths) <= p.Width
}

// cut makes columns narrower, the widest first, until a table fits its terminal.
func (p *Printer) cut(widths []int) []int {
	if p.Width == 0 {
		return widths
	}
	for over := total(widths) - p.Width; over > 0; over-- {
		widest := 0
		for c, w := range widths {
			if w >= widths[widest] {
				widest = c
			}
		}
		if widths[widest] <= least {
			break
		}
		widths[widest]--
	}
	return widths
}

func without(rows [][]string, heading string) [][]string {
	column := slices.Index(rows[0], heading)
	if column < 0 {
		return rows
	}
	for i, row := range rows {
		if column < len(row) {
			rows[i] = slices.Delete(row, column, column+1)
		}
	}
	return rows
}

func shorten(cell string, width int) string {
	if utf8.RuneCountInString(cell) <= width {
		return cell
	}
	return string([]rune(cell)[:max(width-1, 0)]) + "…"
}

// Fields are names with values, of which the empty ones are left out.
type Fields [][]string

// Add adds a value that is not empty.
func (f *Fields) Add(name, value string) {
	if value != "" {
		*f = append(*f, []string{name, value})
	}
}

// Fields writes names and their values in two columns. On a terminal a value that is
// too long goes on in the next line: none of it is cut.
func (p *Printer) Fields(f Fields) error {
	rows := cells(f)
	widths := widthsOf(rows)
	for _, row := range rows {
		name, value := row[0], row[1]
		lines := []string{value}
		if room := max(p.Width-widths[0]-gap, 2*least); p.Width > 0 && utf8.RuneCountInString(value) > room {
			lines = wrap(value, room)
		}
		style := Plain
		if name == "State" || name == "Result" {
			style = StyleOf(value)
		}
		for i, line := range lines {
			if i > 0 {
				name = ""
			}
			pad := strings.Repeat(" ", widths[0]-utf8.RuneCountInString(name)+gap)
			if _, err := fmt.Fprintln(p.Out, name+pad+p.Paint(style, line)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Prose writes sentences, wrapped at the terminal's width.
func (p *Printer) Prose(s Style, sentences string) error {
	for paragraph := range strings.SplitSeq(text.Plain(sentences), "\n") {
		lines := []string{paragraph}
		if p.Width > 0 && utf8.RuneCountInString(paragraph) > p.Width {
			lines = wrap(paragraph, p.Width)
		}
		for _, line := range lines {
			if _, err := fmt.Fprintln(p.Out, p.Paint(s, line)); err != nil {
				return err
			}
		}
	}
	return nil
}

// wrap breaks a text between its words. A word that is too long by itself keeps its
// line: an address that is cut can't be copied.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
