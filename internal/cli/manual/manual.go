// Package manual writes the manual pages out of the grammar of the command line, in
// mdoc (mandoc.bsd.lv/man/mdoc.7.html), which man-db's groff reads as well.
package manual

import (
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Book is what the pages are made of.
type Book struct {
	Program *kong.Node
	// About is what the program is; ExitCodes is their table, a code a line.
	About, ExitCodes string
	Date             time.Time
}

// Page is a manual page.
type Page struct{ File, Text string }

// Pages are all pages: first the program's, then one of each command.
func (b Book) Pages() []Page {
	pages := []Page{{"pressrun.1", b.overview()}}
	for _, command := range b.Program.Leaves(true) {
		name := pageName(command)
		pages = append(pages, Page{name + ".1", b.page(name, command)})
	}
	return pages
}

// pageName is pressrun-config-check for the command "config check".
func pageName(command *kong.Node) string {
	name := command.Name
	for up := command.Parent; up != nil; up = up.Parent {
		name = up.Name + "-" + name
	}
	return name
}

// title is the command as it is typed: pressrun config check.
func title(command *kong.Node) string {
	name := command.Name
	for up := command.Parent; up != nil; up = up.Parent {
		name = up.Name + " " + name
	}
	return name
}

func (b Book) overview() string {
	d := document{}
	d.head("pressrun", "publish a CMS to a static site", b.Date)
	d.section("SYNOPSIS")
	d.macro("Nm pressrun", "Ar command", "Op Ar argument ...")
	d.section("DESCRIPTION")
	d.prose(b.About)
	group := ""
	open := false
	for _, command := range b.Program.Leaves(true) {
		if of := groupOf(command); of != group {
			group = of
			if open {
				d.macro("El")
			}
			d.subsection(strings.TrimSuffix(group, ":"))
			d.macro("Bl -tag -width 8n")
			open = true
		}
		d.line(".It Xr " + quoted(pageName(command)) + " 1")
		d.prose(command.Help)
	}
	if open {
		d.macro("El")
	}
	d.section("ENVIRONMENT")
	d.macro("Bl -tag -width 8n")
	for _, v := range [][2]string{
		{"PRESSRUN_URL", "The address of the app."},
		{"PRESSRUN_TOKEN", "Who asks: the token itself."},
		{"PRESSRUN_SITE", "The site that is meant."},
		{"PRESSRUN_CONFIG", "The configuration file."},
		{"NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM", "Whether answers are coloured on a terminal."},
	} {
		d.line(".It " + quoted(v[0]))
		d.prose(v[1])
	}
	d.macro("El")
	d.section("EXIT STATUS")
	d.literal(strings.TrimPrefix(b.ExitCodes, "Exit codes:\n"))
	return d.String()
}

func groupOf(command *kong.Node) string {
	for at := command; at != nil; at = at.Parent {
		if at.Group != nil {
			return at.Group.Title
		}
	}
	return ""
}

func (b Book) page(name string, command *kong.Node) string {
	d := document{}
	d.head(name, strings.TrimSuffix(lowerFirst(command.Help), "."), b.Date)
	d.section("SYNOPSIS")
	d.macro("Nm " + quoted(title(command)))
	d.macro("Op Ar flags")
	for _, p := range command.Positional {
		d.line(".Ar " + quoted(strings.Trim(p.Summary(), "<>")))
	}
	d.section("DESCRIPTION")
	d.prose(command.Help)
	if command.Detail != "" {
		d.macro("Pp")
		d.detail(command.Detail)
	}
	if len(command.Positional) > 0 {
		d.subsection("Arguments")
		d.macro("Bl -tag -width 8n")
		for _, p := range command.Positional {
			d.line(".It Ar " + quoted(p.Name))
			d.prose(p.Help)
		}
		d.macro("El")
	}
	d.flags(command)
	d.section("EXIT STATUS")
	d.prose("See the table of")
	d.macro("Xr pressrun 1 .")
	d.section("SEE ALSO")
	d.macro("Xr pressrun 1")
	return d.String()
}

func (d *document) flags(command *kong.Node) {
	d.subsection("Flags")
	d.macro("Bl -tag -width 8n")
	for _, group := range command.AllFlags(true) {
		for _, flag := range group {
			item := ".It Fl \\-" + escaped(flag.Name)
			if flag.Short != 0 {
				item = ".It Fl " + string(flag.Short) + " , Fl \\-" + escaped(flag.Name)
			}
			if !flag.IsBool() && !flag.IsCounter() {
				item += " Ns = Ns Ar " + quoted(flag.FormatPlaceHolder())
			}
			d.line(item)
			d.prose(flag.Help)
			if len(flag.Envs) > 0 && !strings.Contains(flag.Help, flag.Envs[0]) {
				d.prose(fmt.Sprintf("The variable %s sets it too.", flag.Envs[0]))
			}
		}
	}
	d.macro("El")
}
