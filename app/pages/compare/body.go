package compare

import (
	"cmp"
	"strings"

	"github.com/pressrun/pressrun/app/differences"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// list fills the page with the pages that differ.
func (d *pages) list(v *frame.Visit, body *comparison, at, site string, from, to *int64) error {
	found, err := d.read.Pages(v.R.Context(), site, *from, *to, differences.Listed)
	if err != nil {
		return err
	}
	chosen := [2]int64{*from, *to}
	*from, *to = cmp.Or(*from, found.From), cmp.Or(*to, found.To)
	l := v.Reader.Language
	body.Summary = differencesText(l, found, *from, *to)
	for _, page := range found.Pages {
		body.Pages = append(body.Pages, changedRowOf(l, page, at, Link(site, chosen[0], *to, page.Path)))
	}
	if found.More > 0 {
		body.More = l.Say("and %d more", found.More)
	}
	return nil
}

// differencesText sums a comparison up.
func differencesText(l words.Language, found api.Differences, from, to int64) string {
	pair := l.Say("From release #%d to release #%d", from, to)
	if from == 0 {
		pair = l.Say("With release #%d, the first one that is known there", to)
	}
	if found.Same() {
		return l.Say("%s, no file differs.", pair)
	}
	counts := []string{l.Say("%d pages changed", found.Changed), l.Say("%d added", found.Added), l.Say("%d removed", found.Deleted)}
	if found.OtherFiles > 0 {
		counts = append(counts, l.Say("%d other files, such as pictures and style sheets, differ", found.OtherFiles))
	}
	return l.Say("%s: %s.", pair, strings.Join(counts, ", "))
}

func changedRowOf(l words.Language, page api.ChangedPage, at, link string) changedRow {
	row := changedRow{Title: cmp.Or(page.Title, page.Address), Text: link, Address: page.Address}
	switch page.Change {
	case api.PageAdded:
		row.Change, row.Class = l.Say("Added"), "ok"
	case api.PageDeleted:
		row.Change, row.Class = l.Say("Removed"), "bad"
	case api.PageSame:
		row.Change, row.Class = l.Say("The same"), "quiet"
	default:
		row.Change, row.Class = l.Say("Changed"), "now"
	}
	if site := view.WebLink(at); site != "" && page.Change != api.PageDeleted {
		row.Live = strings.TrimSuffix(site, "/") + page.Address
	}
	return row
}

// text fills the page with the text of one page, side by side.
func (d *pages) text(v *frame.Visit, body *comparison, at, site string, from, to *int64, path string) error {
	found, err := d.read.Text(v.R.Context(), site, *from, *to, path)
	if err != nil {
		return err
	}
	l := v.Reader.Language
	all := frame.Crumb{Text: l.Say("All pages that differ"), Link: Link(site, *from, *to, "")}
	*from, *to = cmp.Or(*from, found.From), cmp.Or(*to, found.To)
	one := &textBody{changedRow: changedRowOf(l, found.ChangedPage, at, ""), Old: l.Say("Release #%d", *from), New: l.Say("Release #%d", *to), All: all}
	if *from == 0 {
		one.Old = l.Say("Before")
	}
	one.Notes = textNotes(l, found, one.Old, one.New)
	for _, row := range found.Rows {
		side := sideRow{Old: row.Old, New: row.New}
		if row.Skipped > 0 {
			side.Skipped = l.Say("%d paragraphs that are the same", row.Skipped)
		}
		one.Rows = append(one.Rows, side)
	}
	body.One, body.Title = one, text.Shorten(one.Title, 100)
	return nil
}

// textNotes say which parts of a page's text can't be shown, and why.
func textNotes(l words.Language, found api.PageText, old, now string) []string {
	var notes []string
	for _, side := range [][2]string{{old, found.OldMissing}, {now, found.NewMissing}} {
		switch side[1] {
		case api.TextNotKept:
			notes = append(notes, l.Say("%s: what the page said is no longer kept at the destination.", side[0]))
		case api.TextTooLarge:
			notes = append(notes, l.Say("%s: the page is too large to be compared here.", side[0]))
		case api.TextUnreadable:
			notes = append(notes, l.Say("%s: the page is compressed in a way that can't be read here.", side[0]))
		}
	}
	if len(notes) == 0 && len(found.Rows) == 0 {
		if found.Change == api.PageSame {
			notes = append(notes, l.Say("The page is the same in both releases."))
		} else {
			notes = append(notes, l.Say("The text is the same; only what is around it differs, such as the layout or links."))
		}
	}
	if found.Cut {
		notes = append(notes, l.Say("The page is long: only the beginning of it is compared."))
	}
	return notes
}
