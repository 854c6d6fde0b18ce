package deploy

import "time"

// Event tells how a deploy gets on, several times a second at most.
type Event struct {
	Phase      string        `json:"phase"`
	Done       int           `json:"done"`
	Total      int           `json:"total"`
	Bytes      int64         `json:"bytes"`
	TotalBytes int64         `json:"total_bytes"`
	Elapsed    time.Duration `json:"elapsed_ns"`

	// All counts over every phase; Writing is the time since the first of them
	// began. Both are zero outside of the phases that write.
	All     Amount        `json:"all"`
	Writing time.Duration `json:"writing_ns"`
}

// Amount is how much of something is done.
type Amount struct {
	Done       int   `json:"done"`
	Total      int   `json:"total"`
	Bytes      int64 `json:"bytes"`
	TotalBytes int64 `json:"total_bytes"`
}

// fileCost is what a file takes beside its bytes, as bytes that would take as long: most
// files are small, and each costs a request.
const fileCost = 32 << 10

// Share is how much is done, from 0 to 1.
func (a Amount) Share() float64 {
	total := float64(a.TotalBytes) + fileCost*float64(a.Total)
	if total <= 0 {
		return 0
	}
	return min(1, (float64(a.Bytes)+fileCost*float64(a.Done))/total)
}

const (
	soonest    = time.Second // before that, a rate says little
	leastShare = 0.01
)

// Rate is the bytes and files a second so far; false before there is one.
func (e Event) Rate() (bytes, files float64, ok bool) {
	if e.Writing < soonest {
		return 0, 0, false
	}
	s := e.Writing.Seconds()
	return float64(e.All.Bytes) / s, float64(e.All.Done) / s, true
}

// Left is about how long the writes will still take; false before that can be
// told.
func (e Event) Left() (time.Duration, bool) {
	share := e.All.Share()
	if e.Writing < soonest || share < leastShare {
		return 0, false
	}
	return time.Duration(float64(e.Writing) * (1 - share) / share), true
}
