package calendar

import "time"

// Hours are the hours of a site's schedules: the windows of those that have any, on their
// days. Without such a schedule it is always open.
type Hours []Schedule

// HoursOf are the hours of schedules.
func HoursOf(all []Schedule) Hours {
	var hours Hours
	for _, s := range all {
		if len(s.Windows) > 0 {
			hours = append(hours, s)
		}
	}
	return hours
}

// Open says whether an instant is within the hours.
func (h Hours) Open(t time.Time) bool { return len(h) == 0 || !h.openUntil(t).IsZero() }

func (h Hours) openUntil(t time.Time) (end time.Time) {
	for _, s := range h {
		if until := s.OpenUntil(t); until.After(end) {
			end = until
		}
	}
	return end
}

// Between is how much of the time between two instants is within the hours.
func (h Hours) Between(from, to time.Time) (open time.Duration) {
	if len(h) == 0 {
		return max(0, to.Sub(from))
	}
	for from.Before(to) {
		until := h.openUntil(from)
		if until.IsZero() {
			next, ok := h.opens(from)
			if !ok {
				return open
			}
			from = next
			continue
		}
		if until.After(to) {
			until = to
		}
		open += until.Sub(from)
		from = until
	}
	return open
}

// opens is the first instant after one at which a window begins; false for none.
func (h Hours) opens(after time.Time) (first time.Time, ok bool) {
	for _, s := range h {
		if next, found := s.nextInWindows(after, true); found && (!ok || next.Before(first)) {
			first, ok = next, true
		}
	}
	return first, ok
}
