package metrics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/pressrun/pressrun/internal/release"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// described are the names of all figures of ours.
func described(t *testing.T) []string {
	t.Helper()
	m := New("test")
	m.ended("www", release.Release{Outcome: release.Succeeded})
	out := make(chan *prometheus.Desc, 100)
	for _, c := range []prometheus.Collector{m.releases, m.unknowns, m.toLive, m.inState, m.took, m.commits, m.interval, m.delay, m.handling, m.removed, m.failed, &sites{}} {
		c.Describe(out)
	}
	close(out)
	names := []string{"pressrun_build_info"}
	for d := range out {
		names = append(names, regexp.MustCompile(`fqName: "([^"]*)"`).FindStringSubmatch(d.String())[1])
	}
	slices.Sort(names)
	return names
}

func TestTheGuideNamesEveryFigureAndNoOther(t *testing.T) {
	guide := read(t, "../../docs/metrics.md")
	var told []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(pressrun_[a-z_]+)`").FindAllStringSubmatch(guide, -1) {
		told = append(told, m[1])
	}
	slices.Sort(told)
	if want := described(t); !slices.Equal(told, want) {
		t.Errorf("docs/metrics.md tells of\n%v\nthere are\n%v", told, want)
	}
}

// An alert or a panel about a figure that does not exist is silent for ever.
func TestRulesAndDashboardAskForFiguresThatExist(t *testing.T) {
	known := described(t)
	for _, file := range []string{"pressrun.rules.yml", "pressrun.rules.test.yml", "dashboard.json"} {
		text := read(t, "../../examples/prometheus/"+file)
		found := regexp.MustCompile(`\bpressrun_[a-z_]+`).FindAllString(text, -1)
		if len(found) == 0 {
			t.Errorf("%s asks for nothing", file)
		}
		for _, name := range found {
			plain := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count"), "_sum")
			if !slices.Contains(known, plain) && !slices.Contains(known, name) {
				t.Errorf("%s asks for %s, which is no figure", file, name)
			}
		}
	}
}

// TestEveryAlertSaysWhatItMeansAndWhatToDo holds the runbook to the alerts: an entry
// each, in their order, with both and with something to type; and each alert leads there.
func TestEveryAlertSaysWhatItMeansAndWhatToDo(t *testing.T) {
	rules := read(t, "../../examples/prometheus/pressrun.rules.yml")
	entries := strings.Split(read(t, "../../docs/runbook.md"), "\n## ")[1:]
	var alerts, told []string
	for _, m := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(rules, -1) {
		alerts = append(alerts, m[1])
		if !strings.Contains(rules, "docs/runbook.md#"+strings.ToLower(m[1])+".") {
			t.Errorf("%s does not lead to its entry", m[1])
		}
	}
	for _, entry := range entries {
		name, text, _ := strings.Cut(entry, "\n")
		if !strings.HasPrefix(name, "Pressrun") {
			continue
		}
		told = append(told, name)
		for _, part := range []string{"**It means:** ", "**Do:** ", "```sh\n"} {
			if !strings.Contains(text, part) {
				t.Errorf("docs/runbook.md: %s has no %q", name, part)
			}
		}
	}
	if !slices.Equal(alerts, told) || len(alerts) < 9 {
		t.Errorf("docs/runbook.md has entries of\n%v, there are the alerts\n%v", told, alerts)
	}
}

func TestNamesAndUnitsFollowTheConvention(t *testing.T) {
	m := New("test")
	m.ended("www", release.Release{Outcome: release.Succeeded})
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "pressrun_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}
