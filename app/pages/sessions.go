package pages

import (
	"errors"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/words"
)

// sessionPages show people where they are signed in, and operators who is.
type sessionPages struct {
	*Pages
	auth *auth.Authorizer
}

type sessionsBody struct {
	// Everybody says that all are shown, MayAll that the reader may see all.
	Everybody, MayAll bool
	Rows              []sessionRow
}

type sessionRow struct {
	ID, Name, Via, Role, Browser, Address string
	Begun, Seen, Ends                     *view.Moment
	Current                               bool
}

func (s *sessionPages) show(v *visit) {
	body := sessionsBody{MayAll: s.auth.RefusalOfAll(v.who, auth.Operator) == nil, Everybody: v.r.URL.Query().Has("everybody")}
	found, err := s.auth.Sessions(v.r.Context(), v.who, body.Everybody)
	if err != nil {
		s.trouble(v, err)
		return
	}
	clock := view.Clock{Now: ledger.Now(), Zone: v.zone(time.UTC), Language: v.reader.Language}
	for _, one := range found {
		shown := s.auth.SessionWire(one, v.who)
		row := sessionRow{
			ID: shown.ID, Name: shown.Name, Via: viaWords(v.reader.Language, shown.Via), Role: roleWords(v.reader.Language, shown.Role), Browser: shown.Browser, Address: shown.Address, Current: shown.Current,
			Begun: clock.At(one.Begun), Seen: clock.At(one.Seen), Ends: clock.At(one.Until),
		}
		body.Rows = append(body.Rows, row)
	}
	p := page{Title: v.say("Sign-ins"), Body: body, Crumbs: []crumb{{Text: v.say("All sites"), Link: "/"}}}
	p.at(clock)
	s.write(v, http.StatusOK, "sessions", p)
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

// end ends a sign-in, and goes back to the list that it was chosen from.
func (s *sessionPages) end(v *visit) {
	if !s.readForm(v) {
		return
	}
	id := v.r.PathValue("id")
	_, err := s.auth.EndSession(v.r.Context(), v.who, id)
	if errors.Is(err, ledger.ErrNotFound) {
		err = v.problem(http.StatusNotFound, "not_found", "There is no such sign-in, or it is not yours to end.")
	}
	switch {
	case err != nil:
		s.trouble(v, err)
	case id == v.who.Session:
		http.Redirect(v.w, v.r, "/signin?out", http.StatusSeeOther)
	case v.r.PostForm.Has("everybody"):
		http.Redirect(v.w, v.r, "/sessions?everybody", http.StatusSeeOther)
	default:
		http.Redirect(v.w, v.r, "/sessions", http.StatusSeeOther)
	}
}
