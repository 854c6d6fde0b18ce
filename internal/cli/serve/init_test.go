package serve_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/config"
)

func TestInitWritesAConfigurationThatWorks(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		input string
		runs  string
		to    string
	}{
		"flags for a folder":  {[]string{"--kind", "folder", "--site", "www", "--source", ".", "--build", `echo 'it''s' "fine": #1`, "--output", "public", "--to", "live"}, "", config.RunnerLocal, "live"},
		"answers, some empty": {nil, "s3\nwww\n\nhugo\n\ns3://bucket/prefix\n", config.RunnerLocal, "s3://bucket/prefix"},
		"a workflow":          {[]string{"--kind", "github", "--site", "docs", "--url", "https://docs.example.gov", "--time-zone", "America/New_York"}, "acme/docs\n", config.RunnerGitHub, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			got := clitest.Run(t, clitest.Invocation{In: c.input, Args: append([]string{"init", "--json"}, c.args...)})
			if got.Code != 0 {
				t.Fatalf("%+v", got)
			}
			var told struct{ File, Site, Token string }
			if err := json.Unmarshal([]byte(got.Out), &told); err != nil || told.File != "pressrun.yaml" || !strings.HasPrefix(told.Token, "prt_") {
				t.Fatalf("%v %q", err, got.Out)
			}
			conf, err := config.Load("pressrun.yaml")
			if err != nil {
				t.Fatal(err)
			}
			site := conf.Sites[told.Site]
			if site.Runner != c.runs || !strings.HasSuffix(site.Deploy.To, c.to) {
				t.Errorf("%+v", site)
			}
			if text, err := os.ReadFile("pressrun.yaml"); err != nil || strings.Contains(string(text), told.Token) {
				t.Errorf("the configuration holds the token itself (%v)", err)
			}
			again := clitest.Run(t, clitest.Invocation{In: c.input, Args: append([]string{"init"}, c.args...)})
			if again.Code != 2 || !strings.Contains(again.Err, "is there already") {
				t.Errorf("a second time: %+v", again)
			}
		})
	}
}

func TestInitWritesNothingThatWouldNotWork(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no answers":        {[]string{"--kind", "github", "--site", "www"}, "there is no answer to"},
		"a name with a dot": {[]string{"--kind", "folder", "--site", "www.x", "--to", "live"}, "is no name of a site"},
		"the output itself": {[]string{"--kind", "folder", "--site", "www", "--to", "public"}, "would go live while it is being built"},
		"a bucket's name":   {[]string{"--kind", "s3", "--site", "www", "--to", "www.example.gov"}, "for a bucket write s3://www.example.gov"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			got := clitest.Run(t, clitest.Invocation{Args: append([]string{"init"}, c.args...)})
			if got.Code != 2 || !strings.Contains(got.Err, c.want) {
				t.Errorf("%+v, want %q", got, c.want)
			}
			if _, err := os.Stat("pressrun.yaml"); err == nil {
				t.Error("a configuration was written")
			}
		})
	}
}
