package pages

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// bakedView is the account of a bake's addresses on the page of a release.
type bakedView struct {
	Text, File, More string
	Counts           []fact
	First            []bakedRow
}

type bakedRow struct{ Address, Became, Why string }

func bakedOf(l words.Language, r view.Release, b api.Baked) *bakedView {
	v := &bakedView{File: frame.ReleaseLink(r.Site, r.Number) + "/addresses.jsonl"}
	v.Text = l.Say("%d addresses are known. Of each it is told what became of it.", words.Number(b.Known))
	for _, c := range []struct {
		name string
		n    int64
	}{
		{l.Say("Baked"), b.Baked},
		{l.Say("As they were: nothing says that they changed"), b.Skipped},
		{l.Say("As they were: the CMS gave no answer"), b.Stale},
		{l.Say("Redirects"), b.Redirects},
		{l.Say("Gone"), b.Gone},
		{l.Say("Missing"), b.Missing},
		{l.Say("Only looked for"), b.NoPage},
		{l.Say("Left out"), b.LeftOut},
		{l.Say("Unreachable"), b.Unreachable},
		{l.Say("Not to be published"), b.Bad},
	} {
		if c.n > 0 {
			v.Counts = append(v.Counts, fact{Name: c.name, Text: text.Number(c.n)})
		}
	}
	for _, a := range b.First {
		v.First = append(v.First, bakedRow{a.Address, becameWords(l, a.Outcome), a.Why})
	}
	if more := b.FirstOf - int64(len(b.First)); more > 0 {
		v.More = l.Say("and %d more", words.Number(more))
	}
	return v
}

// becameWords name the outcome of an address.
func becameWords(l words.Language, outcome string) string {
	switch outcome {
	case "stale":
		return l.Say("As it was: the CMS gave no answer")
	case "gone":
		return l.Say("Gone")
	case "missing":
		return l.Say("Missing")
	case "unreachable":
		return l.Say("Unreachable")
	case "bad":
		return l.Say("Not to be published")
	}
	return outcome
}

// addresses gives the account of a release as a file.
func (p *releasePages) addresses(v *frame.Visit) {
	name, _, ok := p.SeenSite(v)
	if !ok {
		return
	}
	number, ok := p.SeenRelease(v)
	if !ok {
		return
	}
	kept, err := p.view.Account(v.R.Context(), name, number)
	if errors.Is(err, ledger.ErrNotFound) {
		err = v.Problem(http.StatusNotFound, "not_found", "This release has no account of addresses: it was not baked, or it was long ago.")
	}
	if err == nil {
		err = stream.Account(v.W, v.R, p.Log, name+"-"+strconv.FormatInt(number, 10)+"-addresses.jsonl", kept)
	}
	if err != nil {
		p.Trouble(v, err)
	}
}
