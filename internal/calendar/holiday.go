package calendar

import "time"

// firstJuneteenth is the first year in which 19 June was a holiday
// (Public Law 117-17).
const firstJuneteenth = 2021

// FederalHoliday is the name of the U.S. federal holiday for which most federal offices
// are closed on a day; "" for none. It follows 5 U.S.C. 6103(a), with Executive Order
// 11582 for holidays on a weekend (Saturday: the Friday before, Sunday: the Monday
// after). It knows the present holidays, of 1986 and later, without Inauguration Day,
// which is one around Washington only.
func FederalHoliday(d Date) string {
	switch d.Weekday() {
	case time.Saturday, time.Sunday:
		return holidayOn(d)
	case time.Friday:
		if name := fixedHoliday(d.Add(1)); name != "" {
			return name + " (observed)"
		}
	case time.Monday:
		if name := fixedHoliday(d.Add(-1)); name != "" {
			return name + " (observed)"
		}
	case time.Tuesday, time.Wednesday, time.Thursday:
	}
	return holidayOn(d)
}

func holidayOn(d Date) string {
	if name := fixedHoliday(d); name != "" {
		return name
	}
	return movingHoliday(d)
}

func fixedHoliday(d Date) string {
	switch {
	case d.Month == time.January && d.Day == 1:
		return "New Year's Day"
	case d.Month == time.June && d.Day == 19 && d.Year >= firstJuneteenth:
		return "Juneteenth"
	case d.Month == time.July && d.Day == 4:
		return "Independence Day"
	case d.Month == time.November && d.Day == 11:
		return "Veterans Day"
	case d.Month == time.December && d.Day == 25:
		return "Christmas Day"
	}
	return ""
}

// movingHoliday is a holiday on the nth weekday of its kind in a month.
func movingHoliday(d Date) string {
	nth, weekday := (d.Day+6)/7, d.Weekday()
	last := d.Add(7).Month != d.Month
	switch {
	case d.Month == time.January && weekday == time.Monday && nth == 3:
		return "Birthday of Martin Luther King, Jr."
	case d.Month == time.February && weekday == time.Monday && nth == 3:
		return "Washington's Birthday"
	case d.Month == time.May && weekday == time.Monday && last:
		return "Memorial Day"
	case d.Month == time.September && weekday == time.Monday && nth == 1:
		return "Labor Day"
	case d.Month == time.October && weekday == time.Monday && nth == 2:
		return "Columbus Day"
	case d.Month == time.November && weekday == time.Thursday && nth == 4:
		return "Thanksgiving Day"
	}
	return ""
}
