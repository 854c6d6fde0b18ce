package calendar

// Days are the days on which a schedule rests: holidays by rule and listed days, without
// the listed exceptions. The zero value has none.
type Days struct {
	// Federal adds the U.S. federal holidays of FederalHoliday.
	Federal bool
	// Closed are further days of rest, each with its name.
	Closed map[Date]string
	// Open are exceptions: days on which the schedule does not rest.
	Open map[Date]bool
}

// Closed says whether a schedule rests on a day, and what for.
func (d Days) closed(day Date) (name string, closed bool) {
	if d.Open[day] {
		return "", false
	}
	if name, ok := d.Closed[day]; ok {
		return name, true
	}
	if d.Federal {
		name = FederalHoliday(day)
	}
	return name, name != ""
}

// Holiday is a day of rest.
type Holiday struct {
	Date Date
	Name string
}

// Next lists the next days of rest from a day on, n at the most, within two years.
func (d Days) Next(from Date, n int) []Holiday {
	var found []Holiday
	for i := 0; i < 2*366 && len(found) < n; i++ {
		day := from.Add(i)
		if name, ok := d.closed(day); ok {
			found = append(found, Holiday{day, name})
		}
	}
	return found
}
