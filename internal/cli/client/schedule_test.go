package client_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
)

func (f *fakeApp) schedule(w http.ResponseWriter, r *http.Request) {
	s := api.Schedule{Site: r.PathValue("site")}
	if s.Site == "www" {
		slot := clitest.Noon.Add(time.Hour)
		s.Rules = []api.ScheduleRule{{Name: "daily", When: "daily at 13:00", TimeZone: "UTC"}}
		s.Slots = []api.Slot{{
			At: slot, Schedule: "daily", Local: "13:00 UTC",
			Frozen: &api.Freeze{From: clitest.Noon, To: slot.Add(time.Hour), Why: "Nobody\nis on call"},
		}}
		s.Holidays = []api.Holiday{{Date: "2026-12-25", Name: "Christmas Day", Schedules: []string{"daily", "hourly"}}}
	}
	if err := json.NewEncoder(w).Encode(s); err != nil {
		f.t.Error(err)
	}
}

func TestScheduleTellsWhenAndWhatCoversIt(t *testing.T) {
	asUsual(t)
	o := clitest.Run(t, clitest.Invocation{Args: []string{"schedule", "--site", "www", "--next", "5"}, Token: fakeToken})
	for _, want := range []string{"daily", "daily at 13:00", "13:00 UTC", "Nobody is on call", "2026-12-25", "Christmas Day", "daily, hourly"} {
		if o.Code != 0 || !strings.Contains(o.Out, want) {
			t.Errorf("no %q in %+v", want, o)
		}
	}
	o = clitest.Run(t, clitest.Invocation{Args: []string{"schedule", "--site", "www", "--json"}, Token: fakeToken})
	var got api.Schedule
	if err := json.Unmarshal([]byte(o.Out), &got); err != nil || len(got.Slots) != 1 {
		t.Errorf("%v in %+v", err, o)
	}
	o = clitest.Run(t, clitest.Invocation{Args: []string{"schedule", "--site", "docs"}, Token: fakeToken})
	if diff := cmp.Diff("docs has no schedules: it is released when somebody asks.\n", o.Out); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"schedule", "--next", "0"}, Token: fakeToken}); o.Code != exit.Usage {
		t.Errorf("no times at all: %+v", o)
	}
}
