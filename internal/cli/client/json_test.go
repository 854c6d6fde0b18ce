package client

import (
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/clitest/jsonshape"
)

func TestJSONKeepsItsPromises(t *testing.T) {
	jsonshape.Hold(t, "../../../docs/json/client.txt", map[string]any{
		"request": api.AskResult{}, "show REQUEST, reschedule, withdraw": api.Request{}, "status": sitesDocument{}, "find": api.Found{}, "history": releasesDocument{},
		"schedule": api.Schedule{}, "show NUMBER": api.ReleaseDetail{}, "log": logLine{}, "events": api.Event{},
		"pause, resume, cancel, reset, retry, freeze, thaw, rollback NUMBER": api.Site{},
		"backup":                      backupDocument{},
		"sessions list, sessions end": []api.Session{}, "retention": api.Retention{},
	})
}
