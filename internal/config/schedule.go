package config

import (
	"fmt"
	"maps"
	"os"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
)

// Schedule is one rule by which a site asks for releases by itself. It has exactly one of
// cron, every, at and continuous.
type Schedule struct {
	// Name is the schedule's unique name at the site, for people and in the ledger.
	Name string `yaml:"name" json:"name"`
	// Cron is a cron expression of five fields, in the schedule's time zone.
	Cron string `yaml:"cron" json:"cron,omitempty"`
	// Every asks at the start of each window and then at this interval until the window
	// ends; without windows, from each midnight on. 1m to 24h.
	Every *Duration `yaml:"every" json:"every,omitempty"`
	// At asks once, at this instant.
	At time.Time `yaml:"at" json:"at,omitzero"`
	// Continuous asks again as soon as the last release is done, while a window
	// is open.
	Continuous bool `yaml:"continuous" json:"continuous,omitempty"`
	// MaxAge makes a continuous schedule wait until the live content is so old.
	MaxAge *Duration `yaml:"max_age" json:"max_age,omitempty"`
	// IfChanged makes a continuous schedule ask only when a hook has reported a change
	// that waits for the next release, or the live content is older than max_age.
	IfChanged bool `yaml:"if_changed" json:"if_changed,omitempty"`
	// Spread delays the slots of cron or every by a part of this span that depends on the
	// site's name, so that those of many sites do not all come at once. At most 1h, and
	// less than every.
	Spread *Duration `yaml:"spread" json:"spread,omitempty"`
	// Windows are when the schedule is active, such as "Mon-Fri 08:00-20:00"; always when left out.
	Windows []string `yaml:"windows" json:"windows,omitempty"`
	// TimeZone is the IANA name of the schedule's time zone; the site's when left out.
	TimeZone string `yaml:"time_zone" json:"time_zone,omitempty"`
	// Holidays are days without slots: us-federal, and the names of lists under
	// holidays.
	Holidays []string `yaml:"holidays" json:"holidays,omitempty"`
	// Missed says what to do about slots that passed while the app was down: make up for
	// the latest, once (run), or for none (skip).
	Missed string `yaml:"missed" json:"missed,omitempty" jsonschema:"enum=run,enum=skip,default=run"`
	// Before makes the CMS publish due content before each slot; the site's when left out.
	Before Before `yaml:"before" json:"before,omitzero"`
}

// Holidays is a list of days on which schedules rest.
type Holidays struct {
	// Days are the days of rest.
	Days []Holiday `yaml:"days" json:"days,omitempty"`
	// Open are days on which schedules that use this list do not rest, even if another
	// list says so.
	Open []string `yaml:"open" json:"open,omitempty"`
	// File is an iCalendar file whose all-day events are days of rest.
	File string `yaml:"file" json:"file,omitempty"`
}

// Holiday is a day of rest.
type Holiday struct {
	// Date is the day, such as 2026-11-27.
	Date string `yaml:"date" json:"date"`
	// Name is shown to people.
	Name string `yaml:"name" json:"name"`
}

// FederalHolidays is the name of the U.S. federal holidays, which are built in.
const FederalHolidays = "us-federal"

const missedSkip = "skip"

// Schedules makes the schedules of a site. It reads the iCalendar files that they name.
func (c *Config) Schedules(site string) ([]calendar.Schedule, error) {
	var first error
	b := calendarBuilder{holidays: c.Holidays, files: map[string]icalendar{}, wrong: func(key, format string, args ...any) {
		if first == nil {
			first = fmt.Errorf("read the schedules of %s: %s: %s", site, key, fmt.Sprintf(format, args...))
		}
	}}
	var all []calendar.Schedule
	for i, s := range c.Sites[site].Schedules {
		one := b.schedule(fmt.Sprintf("schedules[%d]", i), c.Sites[site], s)
		one.Shift = calendar.ShiftOf(site, s.Name, s.Spread.Std())
		all = append(all, one)
	}
	return all, first
}

// calendarBuilder makes calendar.Schedules of the configuration's, and reports mistakes
// by their keys.
type calendarBuilder struct {
	holidays map[string]Holidays
	folder   string // to which paths are relative
	files    map[string]icalendar
	wrong    func(key, format string, args ...any)
}

func (b *calendarBuilder) schedule(key string, site Site, s Schedule) calendar.Schedule {
	out := calendar.Schedule{
		Name: s.Name, Once: s.At.UTC(), Continuous: s.Continuous, IfChanged: s.IfChanged, Skip: s.Missed == missedSkip,
		Zone: site.Location(), Rest: b.rest(s),
	}
	if s.TimeZone != "" {
		out.Zone = Site{TimeZone: s.TimeZone}.Location()
	}
	if s.Every != nil {
		out.Every = s.Every.Std()
	}
	if s.MaxAge != nil {
		out.MaxAge = s.MaxAge.Std()
	}
	if s.Cron != "" {
		cron, err := calendar.ParseCron(s.Cron)
		if err != nil {
			b.wrong(key+".cron", "%v", err)
		}
		out.Cron = &cron
	}
	for i, text := range s.Windows {
		window, err := calendar.ParseWindow(text)
		if err != nil {
			b.wrong(fmt.Sprintf("%s.windows[%d]", key, i), "%v", err)
		}
		out.Windows = append(out.Windows, window)
	}
	return out
}

// rest are the days of all lists that a schedule names.
func (b *calendarBuilder) rest(s Schedule) calendar.Days {
	days := calendar.Days{Closed: map[calendar.Date]string{}, Open: map[calendar.Date]bool{}}
	for _, name := range s.Holidays {
		if name == FederalHolidays {
			days.Federal = true
			continue
		}
		list, ok := b.holidays[name]
		if !ok {
			continue // the check of names has reported it
		}
		more := b.list("holidays."+name, list)
		maps.Copy(days.Closed, more.Closed)
		maps.Copy(days.Open, more.Open)
	}
	return days
}

// list reads one list of holidays.
func (b *calendarBuilder) list(key string, list Holidays) calendar.Days {
	days := calendar.Days{Closed: map[calendar.Date]string{}, Open: map[calendar.Date]bool{}}
	if list.File != "" {
		file := b.file(list.File)
		if file.err != nil {
			b.wrong(key+".file", "%v", file.err)
		}
		maps.Copy(days.Closed, file.days)
	}
	for i, day := range list.Days {
		date, err := calendar.ParseDate(day.Date)
		if err != nil {
			b.wrong(fmt.Sprintf("%s.days[%d].date", key, i), "%v", err)
			continue
		}
		days.Closed[date] = day.Name
	}
	for i, text := range list.Open {
		date, err := calendar.ParseDate(text)
		if err != nil {
			b.wrong(fmt.Sprintf("%s.open[%d]", key, i), "%v", err)
			continue
		}
		days.Open[date] = true
	}
	return days
}

// icalendar is the result of reading an iCalendar file.
type icalendar struct {
	days map[calendar.Date]string
	err  error
}

// file reads an iCalendar file, once.
func (b *calendarBuilder) file(path string) icalendar {
	path = absolute(b.folder, path)
	if known, ok := b.files[path]; ok {
		return known
	}
	var read icalendar
	text, err := readAtMost(path, calendar.MaxICalendar+1)
	if err != nil {
		read.err = fmt.Errorf("the holidays can't be read: %w", err)
	} else {
		var timed int
		read.days, timed, read.err = calendar.ParseICalendar(text, calendar.DateOf(time.Now(), time.UTC))
		if read.err == nil && len(read.days) == 0 {
			read.err = fmt.Errorf("%s has no all-day events (and %d at a time of day); expected the days of rest", path, timed)
		}
	}
	b.files[path] = read
	return read
}

func readAtMost(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	return readBounded(path, most)
}
