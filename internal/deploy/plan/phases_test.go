package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// turnsOf names the files of each turn.
func turnsOf(turns [][]Delete) []string {
	var got []string
	for _, turn := range turns {
		names := make([]string, 0, len(turn))
		for _, d := range turn {
			names = append(names, d.Path)
		}
		got = append(got, strings.Join(names, " "))
	}
	return got
}

// No page is ever live whose assets are not: what a page names is deleted in a
// later turn than the page.
func TestWhatAPageNamesIsDeletedAfterThePage(t *testing.T) {
	for name, c := range map[string]struct {
		deleted []string
		want    []string
	}{
		"nothing":                     {nil, nil},
		"a page and its style":        {[]string{"a.css", "b.html"}, []string{"b.html", "a.css"}},
		"a page and its data":         {[]string{"a.json", "b.html"}, []string{"b.html", "a.json"}},
		"data that name pictures":     {[]string{"a.webmanifest", "icon.png"}, []string{"a.webmanifest", "icon.png"}},
		"pages and feeds":             {[]string{"a.html", "feed.xml"}, []string{"a.html feed.xml"}},
		"everything":                  {[]string{"1.css", "2.json", "3.html", "4.xml", "sitemap.xml"}, []string{"3.html sitemap.xml", "2.json 4.xml", "1.css"}},
		"assets alone, their time up": {[]string{"a.css", "b.js"}, []string{"a.css b.js"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := Plan{}
			for _, path := range c.deleted {
				plan.Deletes = append(plan.Deletes, Delete{Entry: manifest.Entry{Path: path}, Reason: ReasonGone})
			}
			if diff := cmp.Diff(c.want, turnsOf(plan.DeleteBatches())); diff != "" {
				t.Error(diff)
			}
		})
	}
}
