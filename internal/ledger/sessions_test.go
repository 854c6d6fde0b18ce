package ledger

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// tourOfSessions signs two people in and one of them out, and gives what the ledger
// told of it, but for ids and times.
func tourOfSessions(t *testing.T, l *Ledger) []string {
	t.Helper()
	ctx, s := t.Context(), l.Sessions()
	var told []string
	tell := func(err error, words ...any) { told = append(told, fmt.Sprintln(append(words, err)...)) }
	until := time.Now().Add(time.Hour)
	var ids []string
	for _, one := range []Session{
		{Hash: "a", Via: "oidc", Subject: "1", Name: "Adä", Email: "ada@example.gov", Groups: []string{"web", "newsroom"}, Until: until},
		{Hash: "b", Via: "people", Subject: "bo", Name: "Bo", Until: until},
		{Hash: "c", Via: "people", Subject: "bo", Name: "Bo", Until: time.Now().Add(-time.Hour)},
	} {
		begun, err := s.Begin(ctx, one)
		tell(err, begun.Name, begun.Good(time.Now(), time.Hour))
		ids = append(ids, begun.ID)
	}
	for _, hash := range []string{"a", "c", "none"} {
		found, err := s.ByHash(ctx, hash)
		tell(nil, errors.Is(err, ErrNotFound), found.Name, found.Email, found.Groups, found.Ended.IsZero())
	}
	tell(s.Used(ctx, ids[0]))
	for _, via := range []string{"", "people", "oidc"} {
		found, err := s.List(ctx, via, "bo", time.Hour)
		tell(err, via, len(found))
	}
	n, err := s.End(ctx, "ops", ids[1], ids[1], "none")
	tell(err, n)
	ended, err := s.Find(ctx, ids[1])
	tell(err, ended.EndedBy, ended.Ended.IsZero(), ended.Good(time.Now(), time.Hour))
	return told
}

func TestASessionIsGoodUntilItEndsOrIsNotUsed(t *testing.T) {
	told := tourOfSessions(t, fresh(t))
	for _, want := range []string{
		"Adä true <nil>\n", "Bo false <nil>\n", "false Adä ada@example.gov [web newsroom] true <nil>\n", "true   [] true <nil>\n",
		" 2 <nil>\n", "people 1 <nil>\n", "oidc 0 <nil>\n", "1 <nil>\n", "ops false false <nil>\n",
	} {
		if !slices.Contains(told, want) {
			t.Errorf("no %q in %q", want, told)
		}
	}
	at := time.Now()
	s := Session{Seen: at.Add(-time.Hour), Until: at.Add(time.Hour)}
	if s.Good(at, 30*time.Minute) || !s.Good(at, 2*time.Hour) || s.Good(at.Add(2*time.Hour), 9*time.Hour) {
		t.Error("a session outlives its limits, or ends before them")
	}
}
