package hugosite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/demo/markup"
)

func TestMarkdownEscapesEverythingThatHugoWouldRead(t *testing.T) {
	got := markdown(markup.Parse("1. Say {{< hello >}} & <b>*hi*</b>\n\n- # one\n\n- two\n\n## [Desk](mailto:a@b.org)"))
	want := `1\. Say \{\{\< hello \>\}\} \& \<b\>\*hi\*\<\/b\>` + "\n\n" +
		`- \# one` + "\n\n<!-- -->\n\n- two\n\n" + `## [Desk](mailto\:a\@b\.org)` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("markdown (-want +got):\n%s", diff)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{"", "## h\n- x\n- [a](https://b.c)", "{{< x >}}", "<!-- x -->", "- \n-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		md := markdown(markup.Parse(text))
		if strings.Contains(md, "{{") || strings.Contains(strings.ReplaceAll(md, "<!-- -->", ""), "<!") {
			t.Errorf("Markdown of %q holds a shortcode or raw HTML: %q", text, md)
		}
	})
}
