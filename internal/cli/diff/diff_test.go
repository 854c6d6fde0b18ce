package diff_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
)

// releasedTwice publishes two releases into a folder by hand.
func releasedTwice(t *testing.T) (to string) {
	t.Helper()
	to = "file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "www"))
	for _, text := range []string{"We open at 9 every day.", "We open at 10 every day."} {
		build := clitest.Build(t, map[string]string{"index.html": "<title>Hours</title><p>" + text + "<p>Call us.", "404.html": "x"})
		if got := clitest.Run(t, clitest.Invocation{Args: []string{"deploy", build, to, "--site", "www"}}); got.Code != exit.OK {
			t.Fatal(got)
		}
	}
	return to
}

func TestComparingByHand(t *testing.T) {
	to := releasedTwice(t)
	for name, tt := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"what differs":      {[]string{"1", "2"}, exit.Failed, []string{"www, releases 1 and 2: 1 page changed", "changed  /        Hours"}},
		"the live one":      {[]string{"1"}, exit.Failed, []string{"releases 1 and 2: 1 page changed"}},
		"the same":          {[]string{"2", "2"}, exit.OK, []string{"www, releases 2 and 2 has the same files in both"}},
		"the first one":     {[]string{"0", "1"}, exit.Failed, []string{"www, release 1, the first one: 2 pages added"}},
		"the texts":         {[]string{"1", "2", "--text"}, exit.Failed, []string{"changed / Hours\n- We open at [-9-] every day.\n+ We open at {+10+} every day.\n  Call us.\n"}},
		"one page":          {[]string{"1", "2", "--page", "index.html"}, exit.Failed, []string{"{+10+}"}},
		"a page, the same":  {[]string{"1", "2", "--page", "404.html"}, exit.OK, []string{"same /404.html"}},
		"no such release":   {[]string{"1", "9"}, exit.NotFound, []string{"no such release is kept"}},
		"no such page":      {[]string{"1", "2", "--page", "x.html"}, exit.NotFound, []string{`neither of the two releases has a page "x.html"`}},
		"no number":         {[]string{"-1", "2"}, exit.Usage, nil},
		"another site":      {[]string{"1", "2", "--site", "shop"}, exit.Usage, []string{`holds the site "www"`}},
		"far too many":      {[]string{"1", "2", "--limit", "501"}, exit.Usage, []string{"is not from 1 to 500"}},
		"no such address":   {[]string{"1", "2", "--at", "ftp://x"}, exit.Usage, []string{"neither s3://BUCKET"}},
		"a region of none":  {[]string{"1", "2", "--at", "", "--region", "x"}, exit.Usage, []string{"belong to --at"}},
		"nothing published": {[]string{"1", "2", "--at", to + "x"}, exit.NotFound, []string{"nothing was deployed"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := clitest.Run(t, clitest.Invocation{Args: append([]string{"diff", "--at", to}, tt.args...)})
			if got.Code != tt.code {
				t.Errorf("exit code %d, want %d: %s%s", got.Code, tt.code, got.Out, got.Err)
			}
			for _, want := range tt.want {
				if !strings.Contains(got.Out+got.Err, want) {
					t.Errorf("it does not say %q:\n%s%s", want, got.Out, got.Err)
				}
			}
			if tt.code == exit.Failed && got.Err != "" {
				t.Errorf("that they differ is no trouble: %q", got.Err)
			}
		})
	}
	got := clitest.Run(t, clitest.Invocation{Args: []string{"diff", "1", "2", "--at", to, "--text", "--json"}})
	var doc struct {
		Changed int
		Texts   []struct{ Rows []struct{ Change string } }
	}
	if err := json.Unmarshal([]byte(got.Out), &doc); err != nil || got.Code != exit.Failed || doc.Changed != 1 || len(doc.Texts) != 1 || doc.Texts[0].Rows[0].Change != "changed" {
		t.Errorf("%d %v %s", got.Code, err, got.Out)
	}
}
