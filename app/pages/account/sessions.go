package account

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/words"
)

// sessionPages list people's own sign-ins, and everybody's to operators.
type sessionPages struct {
	*frame.Frame
	auth *auth.Authorizer
}

type sessionsBody struct {
	// Everybody says that all are shown, MayAll that the reader may see all.
	Everybody, MayAll bool
	Heads             []rows.Head
	Rows              []sessionRow
}

type sessionRow struct {
	ID, Name, Via, Role, Browser, Address string
	Begun, Seen, Ends                     *when.Moment
	Current                               bool
}

func (s *sessionPages) show(v *frame.Visit) {
	body := sessionsBody{MayAll: s.auth.RefusalOfAll(v.Who, auth.Operator) == nil, Everybody: v.R.URL.Query().Has("everybody")}
	found, err := s.auth.Sessions(v.R.Context(), v.Who, body.Everybody)
	if err != nil {
		s.Trouble(v, err)
		return
	}
	clock := when.Clock{Now: ledger.Now(), Zone: v.Zone(time.UTC), Language: v.Reader.Language}
	body.Heads = s.heads(found, v)
	for _, one := range found {
		shown := s.auth.SessionWire(one, v.Who)
		row := sessionRow{
			ID: shown.ID, Name: shown.Name, Via: viaWords(v.Reader.Language, shown.Via), Role: roleWords(v.Reader.Language, shown.Role), Browser: shown.Browser, Address: shown.Address, Current: shown.Current,
			Begun: clock.At(one.Begun), Seen: clock.At(one.Seen), Ends: clock.At(one.Until),
		}
		body.Rows = append(body.Rows, row)
	}
	p := frame.Page{Title: v.Say("Sign-ins"), Body: body, Crumbs: []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}}}
	p.Stamp(clock)
	s.Write(v, http.StatusOK, "sessions", p)
}

// heads sorts sign-ins as the address asks, and gives the headings of their table.
func (s *sessionPages) heads(found []ledger.Session, v *frame.Visit) []rows.Head {
	l := v.Reader.Language
	return rows.Sort(found, v.R.URL, "sort", "sessions-title", []rows.Column[ledger.Session]{
		{Key: "who", Name: l.Say("Who"), Compare: func(a, b ledger.Session) int { return cmp.Compare(a.Name, b.Name) }},
		{Key: "with", Name: l.Say("With"), Compare: func(a, b ledger.Session) int { return cmp.Compare(a.Via, b.Via) }},
		{Key: "where", Name: l.Say("Where"), Compare: func(a, b ledger.Session) int { return cmp.Compare(a.Browser, b.Browser) }},
		{Key: "since", Name: l.Say("Since"), Compare: func(a, b ledger.Session) int { return a.Begun.Compare(b.Begun) }},
		{Key: "used", Name: l.Say("Last used"), Compare: func(a, b ledger.Session) int { return a.Seen.Compare(b.Seen) }},
		{Key: "ends", Name: l.Say("Ends"), Compare: func(a, b ledger.Session) int { return a.Until.Compare(b.Until) }},
	})
}

func roleWords(l words.Language, role string) string {
	switch role {
	case "":
		return l.Say("no longer let in")
	case string(auth.Editor):
		return l.Say("editor")
	case string(auth.Operator):
		return l.Say("operator")
	}
	return role
}

func viaWords(l words.Language, via string) string {
	switch via {
	case identity.ViaToken:
		return l.Say("a token")
	case identity.ViaLocal:
		return l.Say("a password")
	case identity.ViaOIDC:
		return l.Say("single sign-on")
	case identity.ViaGitHub:
		return "GitHub"
	}
	return via
}

// end ends a sign-in, and goes back to the list.
func (s *sessionPages) end(v *frame.Visit) {
	if !s.ReadForm(v) {
		return
	}
	id := v.R.PathValue("id")
	_, err := s.auth.EndSession(v.R.Context(), v.Who, id)
	if errors.Is(err, ledger.ErrNotFound) {
		err = v.Problem(http.StatusNotFound, "not_found", "There is no such sign-in, or it is not yours to end.")
	}
	switch {
	case err != nil:
		s.Trouble(v, err)
	case id == v.Who.Session:
		http.Redirect(v.W, v.R, "/signin?out", http.StatusSeeOther)
	case v.R.PostForm.Has("everybody"):
		http.Redirect(v.W, v.R, "/sessions?everybody", http.StatusSeeOther)
	default:
		http.Redirect(v.W, v.R, "/sessions", http.StatusSeeOther)
	}
}
