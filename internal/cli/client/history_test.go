package client

import (
	"testing"

	"github.com/pressrun/pressrun/internal/api"
)

func TestWhatTheRunSaidLastIsNotToldTwice(t *testing.T) {
	for name, tc := range map[string]struct{ note, why, want string }{
		"nothing said":            {},
		"still running":           {note: "building 12 pages", want: "building 12 pages"},
		"ended for other reasons": {note: "building 12 pages", why: "its run was cancelled", want: "building 12 pages"},
		"ended with the note":     {note: "the CMS answers 503", why: "gave up: the CMS answers 503"},
		"ended with what it waited for": {
			note: "waiting for the CMS: it answers 503",
			why:  "the CMS is not ready after 10m0s: it answers 503",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := note(api.Release{Note: tc.note, Why: tc.why}); got != tc.want {
				t.Errorf("note %q is told beside why %q, want %q", got, tc.why, tc.want)
			}
		})
	}
}
