package release

// Standing is what has become of a request.
type Standing string

// The standings of a request. Scheduled: its not-before lies ahead. Waiting:
// for the next release. InRelease: a release has taken it up. Live: published.
const (
	Scheduled Standing = "scheduled"
	Waiting   Standing = "waiting"
	InRelease Standing = "in_release"
	Live      Standing = "live"
)

// Standing tells what has become of the request at a place in line; place 0
// is a request that is not in line yet.
func (s Site) Standing(place int64) Standing {
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
