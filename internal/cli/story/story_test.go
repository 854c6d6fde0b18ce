package story

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

var noon = time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)

func at(seconds int) *time.Time {
	t := noon.Add(time.Duration(seconds) * time.Second)
	return &t
}

func event(id int64, seconds int, kind string, number int64) api.Event {
	return api.Event{ID: id, Site: "www", At: *at(seconds), Kind: kind, Release: number}
}

// longStory is of a request that came through a hook while the site was paused, that
// one release failed to bring, and that is live.
func longStory() Known {
	paused := event(2, 5, release.KindPaused, 0)
	paused.By, paused.Why = "ops", "the CDN is moved"
	resumed := event(3, 60, release.KindResumed, 0)
	resumed.By = "ops"
	return Known{
		Request: api.Request{
			ID: "req-1", Site: "www", Source: release.FromContent, Actor: "Ada", Title: "Opening hours", AcceptedAt: noon,
			Status: release.Live, Release: 8, Failed: []int64{7}, LiveAt: at(200), Answer: "Yes, it is live", Text: "Live since 12:03, with release #8.",
		},
		Delivery: &api.HookDelivery{ID: "dlv_1", Hook: "drupal", Event: "node.update", Rule: "news", Why: "news go out at once", Decision: "release", Request: "req-1"},
		Releases: []api.ReleaseDetail{
			{
				Release: api.Release{Number: 7, Requests: 1, Outcome: release.Failed, Fault: release.FaultBuild, Why: "the build ended with exit code 1", Times: api.Times{Requested: at(0)}},
				Events:  []api.Event{event(1, -5, "release.opened", 7), event(4, 61, release.KindDispatched, 7), event(5, 90, release.KindEnded, 7)},
			},
			{Release: api.Release{Number: 8, Requests: 3, Retry: 7, Outcome: release.Succeeded, Times: api.Times{Requested: at(91), Complete: at(200)}, Metrics: &api.Metrics{
				Steps: []api.StepTime{{Name: "verify", StartedAt: *at(190), Seconds: 8, Result: "ok"}},
			}}, Events: []api.Event{event(6, 120, release.KindDispatched, 8), event(7, 130, release.KindInProgress, 8), event(8, 200, release.KindComplete, 8)}},
		},
		Events: []api.Event{paused, resumed, event(4, 61, release.KindDispatched, 7), event(9, 100, release.KindDispatched, 99), {ID: 10, At: *at(101), Kind: "request.accepted", Request: "req-2"}},
	}
}

func TestAStoryIsToldInOrder(t *testing.T) {
	var got []string
	for _, c := range Tell(longStory()).Chapters {
		got = append(got, c.At.Format("15:04:05 ")+c.Text)
	}
	want := []string{
		`17:00:00 Accepted from hook drupal, delivery dlv_1 (node.update), by rule news: News go out at once. Asked by Ada. About “Opening hours”.`,
		`17:00:00 Joined release #7.`,
		`17:00:05 The site was paused, by ops: the CDN is moved.`,
		`17:01:00 The pause ended, by ops.`,
		`17:01:01 The runner has release #7.`,
		`17:01:30 Release #7 failed, by the fault of the site's own build: the build ended with exit code 1.`,
		`17:01:31 Joined release #8, with 2 other requests, which tries again what #7 did not bring.`,
		`17:02:00 The runner has release #8.`,
		`17:02:10 Release #8 reads the content and builds.`,
		`17:03:18 Seen through the public address.`,
		`17:03:20 Release #8 is live.`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsToBeDone(t *testing.T) {
	site := api.Site{Name: "www", Freezes: []api.Freeze{{ID: "QX4T2B7A"}, {Why: "of the configuration"}}}
	for condition, want := range map[string]string{
		"": "", "held": "pressrun retry --site www", "paused": "pressrun resume --site www", "frozen": "pressrun thaw QX4T2B7A --site www",
		"retrying": "pressrun log 7 --site www", "late": "pressrun log 8 --site www --follow", "rolled_back": "pressrun request --site www", "differs": "pressrun audit", "queued": "pressrun request --emergency --site www",
	} {
		r := api.Request{Site: "www", Status: release.Waiting, Condition: condition, Failed: []int64{7}, Release: 8}
		got := strings.Join(Tell(Known{Request: r, Site: site}).Do, "; ")
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q: do %q, want %q", condition, got, want)
		}
	}
}

func TestACDNThatMayStillShowTheOldIsTold(t *testing.T) {
	k := longStory()
	k.Releases[1].Metrics.Steps[0].Result, k.Releases[1].Metrics.Steps[0].Note = "failed", "page /hours is the old one"
	k.Releases[1].Metrics.Edge = &api.Edge{CDN: "fastly:S", State: api.EdgePending, Why: "it answered 503"}
	text := ""
	for _, c := range Tell(k).Chapters {
		if c.What == "unseen" {
			text += c.Text + "\n"
		}
	}
	for _, want := range []string{"Not seen through the public address. Page /hours is the old one.", "fastly:S may still show what was replaced"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
}

// What is told of an event is a sentence of its own, whatever kind it is.
func TestEveryKindOfTheRulesIsToldOrMeantNot(t *testing.T) {
	for kind := range sentences {
		c, ok := ofEvent(api.Event{Kind: kind, Release: 7}, api.Release{Number: 7, Outcome: release.Failed, Fault: release.FaultContent})
		if !ok || strings.Contains(c.Text, "%") || !strings.HasSuffix(c.Text, ".") {
			t.Errorf("%s: %q", kind, c.Text)
		}
	}
}
