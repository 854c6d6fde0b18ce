package command

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

func TestWhatARequestMustNotHoldIsRefusedWithItsPlace(t *testing.T) {
	now := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	far := now.Add(maxAhead + time.Second)
	for place, in := range map[string]api.RequestInput{
		"":                {Link: "https://cms.example/edit/1", NotBefore: new(now.Add(maxAhead))},
		"body.link":       {Link: "javascript:alert(1)"},
		"body.title":      {Title: "a\x00b"},
		"body.not_before": {NotBefore: &far},
	} {
		got := ""
		if p := check(in, now); p != nil {
			got = p.Errors[0].Location
		}
		if got != place {
			t.Errorf("%+v: the place is %q, want %q", in, got, place)
		}
	}
}

func TestNobodyAsksAsSomebodyElse(t *testing.T) {
	c := New(nil) // what may not be asked never gets to the ledger
	for role, source := range map[auth.Role]release.Source{
		auth.CMS: release.FromOperator, auth.Editor: release.FromContent, auth.Run: release.FromEditor, auth.Session: release.FromWorkflow,
	} {
		_, err := c.Accept(t.Context(), &auth.Caller{Name: "somebody", Role: role}, "www", "", api.RequestInput{Source: source})
		if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != http.StatusForbidden {
			t.Errorf("a %s as %s: %v", role, source, err)
		}
	}
}

// Who does not say what asks is taken for what the token's role is for.
func TestARequestThatNamesNoSource(t *testing.T) {
	for role, source := range map[auth.Role]release.Source{
		auth.CMS: release.FromContent, auth.Editor: release.FromEditor, auth.Run: release.FromWorkflow, auth.Operator: release.FromOperator,
	} {
		r, err := RequestOf(&auth.Caller{Name: "somebody", Role: role}, "www", "", api.RequestInput{})
		if err != nil || r.Source != source {
			t.Errorf("a %s asks as %q, expected %q: %v", role, r.Source, source, err)
		}
	}
	if _, err := RequestOf(&auth.Caller{Name: "a run", Role: auth.Session}, "www", "", api.RequestInput{}); err == nil {
		t.Error("a run's session may not ask")
	}
}

func TestAnActTellsWhoSpeaksForWhom(t *testing.T) {
	who := &auth.Caller{Name: "ops"}
	for actor, want := range map[string]string{"": "ops", "ops": "ops", "Grace": "Grace (ops)"} {
		if got := by(who, actor, "why"); got.By != want || got.Why != "why" {
			t.Errorf("actor %q: %+v, want by %q", actor, got, want)
		}
	}
}
