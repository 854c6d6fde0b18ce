package difference

import (
	"cmp"
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/worddiff"
)

// contextParagraphs is the number of equal paragraphs shown around a difference.
const contextParagraphs = 2

// NoPageError says that neither release has the page.
type NoPageError struct{ Path string }

// Error names the page.
func (e *NoPageError) Error() string {
	return fmt.Sprintf("neither of the two releases has a page %q: give the path of its file, such as news/index.html", e.Path)
}

// Text sets the old text of a page beside its new one.
func (r Releases) Text(ctx context.Context, path string) (api.PageText, error) {
	from, to, err := r.read(ctx)
	if err != nil {
		return api.PageText{}, err
	}
	old, had := from.Find(path)
	now, has := to.Find(path)
	if !had && !has || !rules.IsPage(path) {
		return api.PageText{}, &NoPageError{path}
	}
	out := api.PageText{Site: cmp.Or(to.Site, r.Site), From: from.Release, To: to.Release, ChangedPage: api.ChangedPage{Path: path, Address: address(path), Change: api.PageChanged}}
	switch {
	case !had:
		out.Change = api.PageAdded
	case !has:
		out.Change = api.PageDeleted
	case old.Sum == now.Sum:
		out.Change = api.PageSame
	}
	before, after := pageText{}, pageText{}
	if had {
		if before, out.OldMissing, err = r.text(ctx, &old); err != nil {
			return out, err
		}
	}
	if has {
		if after, out.NewMissing, err = r.text(ctx, &now); err != nil {
			return out, err
		}
	}
	out.Title, out.OldTitle = cmp.Or(after.title, before.title), before.title
	out.Cut = before.cut || after.cut
	if out.OldMissing == "" && out.NewMissing == "" {
		out.Rows = rowsOf(worddiff.Compare(before.paragraphs, after.paragraphs, contextParagraphs))
	}
	return out, nil
}

func (r Releases) text(ctx context.Context, e *manifest.Entry) (pageText, string, error) {
	body, missing, err := r.content(ctx, e)
	if err != nil || missing != "" {
		return pageText{}, missing, err
	}
	return textOf(body), "", nil
}

// rowsOf are rows as the API gives them.
func rowsOf(rows []worddiff.Row) []api.TextRow {
	var out []api.TextRow
	for _, row := range rows {
		out = append(out, api.TextRow{Change: string(row.Change), Old: spansOf(row.Old), New: spansOf(row.New), Skipped: row.Skipped})
	}
	return out
}

func spansOf(spans []worddiff.Span) []api.TextSpan {
	var out []api.TextSpan
	for _, s := range spans {
		out = append(out, api.TextSpan{Text: s.Text, Marked: s.Marked})
	}
	return out
}
