package release

// Status is what has become of a request.
type Status string

// The statuses of a request. Scheduled: its not-before lies ahead. Waiting:
// for the next release. InRelease: a release has taken it up. Live: published.
const (
	Scheduled Status = "scheduled"
	Waiting   Status = "waiting"
	InRelease Status = "in_release"
	Live      Status = "live"
)

// Status tells what has become of the request at a place in line; place 0
// is a request that is not in line yet.
func (s Site) StatusAt(place int64) Status {
	switch {
	case place == 0:
		return Scheduled
	case place <= s.Served:
		return Live
	case s.Current.Number != 0 && place <= s.Current.Upto:
		return InRelease
	default:
		return Waiting
	}
}
