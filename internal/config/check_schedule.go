package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/pattern"
)

// scheduleName matches the names of schedules and of lists of holidays.
var scheduleName = pattern.Of(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

const scheduleNameShape = "letters, digits and . _ - (at most 64), such as working-hours"

func calendarOf(k *checker) *calendarBuilder {
	return &calendarBuilder{holidays: k.config.Holidays, folder: k.folder, files: k.icalendars, wrong: k.wrong}
}

// checkHolidays checks the lists of holidays, also those that no schedule uses.
func checkHolidays(k *checker) {
	for _, name := range slices.Sorted(maps.Keys(k.config.Holidays)) {
		key, list := "holidays."+name, k.config.Holidays[name]
		switch {
		case name == FederalHolidays:
			k.wrong(key, "%s is built in; expected another name", FederalHolidays)
		case !scheduleName().MatchString(name):
			k.wrong(key, "%q is no name of a list of holidays; expected %s", name, scheduleNameShape)
		case len(list.Days) == 0 && len(list.Open) == 0 && !k.Has(key+".file"):
			k.wrong(key, "names no day; expected days, open or file")
		}
		if k.Has(key+".file") && list.File == "" {
			k.wrong(key+".file", "is empty; expected an iCalendar file")
		}
		for i, day := range list.Days {
			if at := fmt.Sprintf("%s.days[%d].name", key, i); k.Has(at) && strings.TrimSpace(day.Name) == "" {
				k.wrong(at, "is empty; expected the day's name, for people")
			}
		}
		calendarOf(k).list(key, list)
	}
}

func checkSchedules(k *checker, key string, site Site) {
	names := map[string]int{}
	for i, s := range site.Schedules {
		at := fmt.Sprintf("%s.schedules[%d]", key, i)
		if k.Has(at+".name") && !scheduleName().MatchString(s.Name) {
			k.wrong(at+".name", "%q is no name of a schedule; expected %s", s.Name, scheduleNameShape)
		}
		if first, ok := names[s.Name]; ok {
			k.wrong(at+".name", "%q is the name of schedules[%d] too; expected another", s.Name, first)
		}
		names[s.Name] = i
		checkSchedule(k, at, site, s)
	}
}

func checkSpread(k *checker, key string, s Schedule) {
	at, spread := key+".spread", s.Spread.Std()
	switch {
	case s.Spread == nil:
	case s.Continuous || !s.At.IsZero():
		k.wrong(at, "is for slots of cron or every, of which there are none here; expected to leave it out")
	case spread < time.Second || spread > calendar.MaxSpread:
		k.wrong(at, "%s is not from 1s to 1h", s.Spread)
	case s.Every != nil && s.Every.Std() > 0 && spread >= s.Every.Std():
		k.wrong(at, "%s is not less than every (%s), so slots would run into each other", s.Spread, s.Every)
	}
}

func checkSchedule(k *checker, key string, site Site, s Schedule) {
	checkWhen(k, key, s)
	if k.Has(key+".every") && s.Every != nil && (s.Every.Std() < time.Minute || s.Every.Std() > 24*time.Hour) {
		k.wrong(key+".every", "%s is not from 1m to 24h", s.Every)
	}
	checkPositive(k, key+".max_age", s.MaxAge)
	checkSpread(k, key, s)
	if s.IfChanged && !s.Continuous {
		k.wrong(key+".if_changed", "is for a continuous schedule; expected continuous: true beside it")
	}
	if k.Has(key+".max_age") && !s.Continuous {
		k.wrong(key+".max_age", "is for a continuous schedule; expected continuous: true beside it")
	}
	for _, name := range []string{".windows", ".holidays", ".missed"} {
		if k.Has(key+".at") && k.Has(key+name) {
			k.wrong(key+name, "a schedule at one instant takes no%s; expected to leave it out", strings.ReplaceAll(name, ".", " "))
		}
	}
	k.timeZone(key+".time_zone", s.TimeZone)
	for i, name := range s.Holidays {
		if _, ok := k.config.Holidays[name]; !ok && name != FederalHolidays {
			k.wrong(fmt.Sprintf("%s.holidays[%d]", key, i), "there are no holidays %q; expected one of %s", name, holidayNames(k))
		}
	}
	checkFires(k, key, site, s)
}

// checkWhen checks that a schedule has exactly one of cron, every, at and continuous.
func checkWhen(k *checker, key string, s Schedule) {
	var said []string
	for _, name := range []string{"cron", "every", "at", "continuous"} {
		if k.Has(key + "." + name) {
			said = append(said, name)
		}
	}
	switch {
	case len(said) == 0:
		k.wrong(key, "does not say when; expected one of cron, every, at and continuous: true")
	case len(said) > 1:
		k.wrong(key+"."+said[1], "the schedule says when by %s and by %s; expected one of them", said[0], said[1])
	case said[0] == "continuous" && !s.Continuous:
		k.wrong(key+".continuous", "is false, and nothing else says when; expected true, or cron, every or at")
	case said[0] == "cron" && s.Cron == "":
		k.wrong(key+".cron", `is empty; expected a cron expression such as "30 15 * * Mon-Fri"`)
	}
}

// checkFires checks that a schedule without other mistakes can fire at all.
func checkFires(k *checker, key string, site Site, s Schedule) {
	before := k.Mistakes()
	built := calendarOf(k).schedule(key, site, s)
	if mistaken(k, key) || k.Mistakes() > before {
		return
	}
	if err := built.Check(); err != nil {
		k.wrong(key, "%v", err)
		return
	}
	if !built.Once.IsZero() {
		return // its time may have passed
	}
	if _, ok := built.Next(time.Now()); !ok {
		k.wrong(key, "never fires: its windows, its days of rest and what it says of when leave no instant in nine years")
	}
}

// mistaken says whether a mistake was reported at a key or anything below it.
func mistaken(k *checker, key string) bool {
	return k.Reported(key) || k.ReportedBelow(key)
}

func holidayNames(k *checker) string {
	return strings.Join(append([]string{FederalHolidays}, slices.Sorted(maps.Keys(k.config.Holidays))...), ", ")
}
