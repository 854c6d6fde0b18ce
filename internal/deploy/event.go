package deploy

import "time"

// Event is the progress of a deploy.
type Event struct {
	Phase      string        `json:"phase"`
	Done       int           `json:"done"`
	Total      int           `json:"total"`
	Bytes      int64         `json:"bytes"`
	TotalBytes int64         `json:"total_bytes"`
	Elapsed    time.Duration `json:"elapsed_ns"`

	// All is the progress of all phases that write, and Writing the time since the first of
	// them began. Both are zero in other phases.
	All     Amount        `json:"all"`
	Writing time.Duration `json:"writing_ns"`
}

// Amount is how many files and bytes are done, of how many.
type Amount struct {
	Done       int   `json:"done"`
	Total      int   `json:"total"`
	Bytes      int64 `json:"bytes"`
	TotalBytes int64 `json:"total_bytes"`
}

// fileCost is the cost of a file's request, in bytes that take as long to send: most files
// are small.
const fileCost = 32 << 10

// share is the part that is done, from 0 to 1.
func (a Amount) share() float64 {
	total := float64(a.TotalBytes) + fileCost*float64(a.Total)
	if total <= 0 {
		return 0
	}
	return min(1, (float64(a.Bytes)+fileCost*float64(a.Done))/total)
}

const (
	minWriting = time.Second // a rate before that says little
	minShare   = 0.01
)

// Rate is the bytes and files a second so far; false in the first second.
func (e Event) Rate() (bytes, files float64, ok bool) {
	if e.Writing < minWriting {
		return 0, 0, false
	}
	s := e.Writing.Seconds()
	return float64(e.All.Bytes) / s, float64(e.All.Done) / s, true
}

// Remaining estimates how long the writes will still take; false while too little is done
// for an estimate.
func (e Event) Remaining() (time.Duration, bool) {
	share := e.All.share()
	if e.Writing < minWriting || share < minShare {
		return 0, false
	}
	return time.Duration(float64(e.Writing) * (1 - share) / share), true
}
