package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/words"
)

// dayForm chooses a day whose releases are listed.
type dayForm struct {
	Site, Zone string
	// On is the shown day in the field's format, and Max the last possible one.
	On, Max string
	Days    []rows.Filter
	// Title and Summary are "" where no day is shown.
	Title, Summary string
}

// releasesOfADay bounds the releases of a day that are listed.
const releasesOfADay = 200

// dayLink leads to the releases of a day: a date, today or yesterday.
func dayLink(site, day string) string {
	return frame.SiteLink(site) + "/releases?" + url.Values{"on": {day}}.Encode()
}

func dayFormOf(site view.Site) dayForm {
	l := site.Language
	f := dayForm{Site: site.Name, Zone: site.Zone.String(), Max: calendar.DateOf(site.Now, site.Zone).String()}
	f.Days = daysOf(l, site.Name)
	return f
}

// daysOf are links to today and yesterday.
func daysOf(l words.Language, site string) []rows.Filter {
	return []rows.Filter{{Text: l.Say("Today"), Link: dayLink(site, "today")}, {Text: l.Say("Yesterday"), Link: dayLink(site, "yesterday")}}
}

// chosenDay reads the day in an address. The reader of the ledger knows the date of today.
func chosenDay(on string) (func(today calendar.Date) calendar.Date, error) {
	switch on {
	case "today":
		return func(today calendar.Date) calendar.Date { return today }, nil
	case "yesterday":
		return func(today calendar.Date) calendar.Date { return today.Add(-1) }, nil
	}
	day, err := calendar.ParseDate(on)
	if err != nil {
		return nil, fmt.Errorf("read a day: %w", err)
	}
	return func(calendar.Date) calendar.Date { return day }, nil
}

func (h *historyPages) showDay(v *frame.Visit, name, on string) {
	chosen, err := chosenDay(on)
	if err != nil {
		h.Trouble(v, v.Problem(http.StatusUnprocessableEntity, "invalid", "“on” is today, yesterday or a date such as 2026-11-28."))
		return
	}
	d, err := h.view.LiveOn(v.R.Context(), name, chosen, releasesOfADay)
	if err != nil {
		h.Trouble(v, err)
		return
	}
	body := historyBody{Day: shownDay(d)}
	body.History = releaseRows(d.Releases, d.Clock())
	h.write(v, d.Site, d.Releases, body.Day.Title+" · "+d.Title, body)
}

// shownDay is the form for a day that is shown, with links to the days beside it.
func shownDay(d view.Day) dayForm {
	f, l, today := dayFormOf(d.Site), d.Language, d.Today()
	f.On = d.Date.String()
	for i, day := range []calendar.Date{today, today.Add(-1)} {
		f.Days[i].Current = d.Date == day
	}
	f.Days = append(f.Days, rows.Filter{Text: l.Say("The day before"), Link: dayLink(d.Name, d.Date.Add(-1).String())})
	if d.Date.Before(today) {
		f.Days = append(f.Days, rows.Filter{Text: l.Say("The day after"), Link: dayLink(d.Name, d.Date.Add(1).String())})
	}
	f.Days = append(f.Days, rows.Filter{Text: l.Say("All releases"), Link: frame.SiteLink(d.Name) + "/releases"})
	date := l.Date(time.Date(d.Date.Year, d.Date.Month, d.Date.Day, 12, 0, 0, 0, d.Zone))
	f.Title = l.Say("What went live on %s", date)
	switch n := len(d.Releases); {
	case n == 0:
		f.Summary = l.Say("Nothing went live on this day.")
	case d.More:
		f.Summary = l.Say("The last %d releases of this day, the newest first.", n)
	default:
		f.Summary = l.Say("%d releases went live on this day, the newest first.", n)
	}
	return f
}
