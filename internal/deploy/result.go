package deploy

// Result tells people and metrics what a deploy did. Counts are of the site's
// own files; the marker and the state are counted in Requests alone.
type Result struct {
	Destination string `json:"destination"`
	Site        string `json:"site,omitempty"`
	Release     int64  `json:"release"`
	Sequence    int64  `json:"sequence"`
	Commit      string `json:"commit,omitempty"`
	DryRun      bool   `json:"dry_run,omitempty"`

	// Parent is the deploy that the plan was made against, PlanDigest what the plan
	// does: together they tell whether a plan is still the one that was looked at.
	Parent     int64    `json:"parent"`
	PlanDigest string   `json:"plan_digest"`
	Forecast   Forecast `json:"forecast"`

	Files         int   `json:"files"` // in the build
	Pages         int   `json:"pages"`
	Bytes         int64 `json:"bytes"`
	PreviousPages int   `json:"previous_pages"` // in the release that was live before
	FirstRelease  bool  `json:"first_release,omitempty"`

	Counts        Counts  `json:"counts"`
	Uploaded      int     `json:"uploaded"` // files sent (new and content)
	UploadedBytes int64   `json:"uploaded_bytes"`
	Deleted       int     `json:"deleted"` // files deleted (gone and expired)
	Requests      int64   `json:"requests"`
	SentTwice     int64   `json:"sent_twice,omitempty"` // writes that the store was slow with, and were sent again
	Phases        []Timed `json:"phases"`
	Seconds       float64 `json:"seconds"`

	Changed          []Change `json:"changed"` // the first MaxChanged paths, by path
	ChangedTruncated bool     `json:"changed_truncated,omitempty"`
	// All is every change, for invalidation; Changed is the part that is shown.
	All []Change `json:"-"`
	// Next is what the destination would hold, after a dry run; else nil.
	Next *Manifest `json:"-"`

	// Compressed is what the release holds compressed; nil for nothing.
	Compressed *Compressed `json:"compressed,omitempty"`

	// Redirects is what the redirect store is told; nil without one.
	Redirects *RedirectPlan `json:"redirects,omitempty"`

	// Churn tells why, when most pages changed; else nil.
	Churn *Churn `json:"churn,omitempty"`

	// StoreLacks are what the destination's store lacks that S3 has, as was found
	// out at the first deploy to it.
	StoreLacks []Lack `json:"store_lacks,omitempty"`

	Violations []Violation `json:"violations,omitempty"` // those that were let pass
	// LostLinks are those that the release breaks in unchanged pages, where they are
	// too few to stop it; else nil.
	LostLinks *LostLinks `json:"lost_links,omitempty"`
	// AlreadyLive tells that the release was live before, so that nothing was done.
	AlreadyLive bool `json:"already_live,omitempty"`
	// Live is true from the commit on: what failed after it did not fail the release.
	Live bool `json:"live"`
	// Notes are what was found out about the destination and done without.
	Notes    []string `json:"notes,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// MaxChanged is how many changed paths a Result shows.
const MaxChanged = 1000

// Counts are files by what the plan did with them.
type Counts struct {
	New       int `json:"new"`
	Content   int `json:"content"`
	Headers   int `json:"headers"`
	Gone      int `json:"gone"`
	Expired   int `json:"expired"`
	Unchanged int `json:"unchanged"`
	Retired   int `json:"retired"` // dropped assets that stay for their grace time
}

// Compressed counts the files that are stored compressed.
type Compressed struct {
	Files  int   `json:"files"`
	Built  int64 `json:"built_bytes"`
	Stored int64 `json:"stored_bytes"`
}

// Change is one path and why it changed.
type Change struct {
	Path   string `json:"path"`
	Reason Reason `json:"reason"`
}

// Timed is how long a phase took.
type Timed struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	Files   int     `json:"files"`
	Bytes   int64   `json:"bytes"`
}

// Counts are the plan's files by reason.
func (p *Plan) Counts() Counts {
	c := Counts{Unchanged: p.Unchanged, Retired: p.Retired}
	for _, phase := range p.Phases {
		for _, w := range phase.Writes {
			switch w.Reason {
			case ReasonNew:
				c.New++
			case ReasonContent:
				c.Content++
			case ReasonHeaders:
				c.Headers++
			case ReasonGone, ReasonExpired, ReasonUnchanged: // no writes
			}
		}
	}
	for _, d := range p.Deletes {
		if d.Reason == ReasonGone {
			c.Gone++
		} else {
			c.Expired++
		}
	}
	return c
}

// ResendHeaders makes the plan send files whose headers alone change, for a store
// that can't do so by a copy.
func (p *Plan) ResendHeaders() {
	for _, phase := range p.Phases {
		for i := range phase.Writes {
			if w := &phase.Writes[i]; w.Reason == ReasonHeaders {
				w.Resend = true
			}
		}
	}
}

// Upload is how many files and bytes the plan sends.
func (p *Plan) Upload() (files int, bytes int64) {
	for _, phase := range p.Phases {
		for _, w := range phase.Writes {
			if w.Sends() {
				files++
				bytes += p.Next.Entries[w.Index].Size
			}
		}
	}
	return files, bytes
}

// Writes is how many files the plan writes, and how many bytes it sends for them.
func (p *Plan) Writes() (files int, bytes int64) {
	for _, phase := range p.Phases {
		files += len(phase.Writes)
	}
	_, bytes = p.Upload()
	return files, bytes
}

// Empty tells whether the destination already holds the build.
func (p *Plan) Empty() bool {
	for _, phase := range p.Phases {
		if len(phase.Writes) > 0 {
			return false
		}
	}
	return len(p.Deletes) == 0
}

// Changes are all paths that the plan changes for visitors.
func (p *Plan) Changes() []Change {
	var out []Change
	for _, phase := range p.Phases {
		for _, w := range phase.Writes {
			out = append(out, Change{p.Next.Entries[w.Index].Path, w.Reason})
		}
	}
	for _, d := range p.Deletes {
		out = append(out, Change{d.Path, d.Reason})
	}
	return out
}

// Delta is the write-ahead manifest: what is in doubt if the deploy dies.
func (p *Plan) Delta() Manifest {
	m := p.Next
	m.Delta, m.Retired = true, nil
	if files, _ := p.Writes(); files < len(p.Next.Entries) { // else all of them, as in a first deploy
		m.Entries = make([]Entry, 0, files)
		for _, phase := range p.Phases {
			for _, w := range phase.Writes {
				m.Entries = append(m.Entries, p.Next.Entries[w.Index])
			}
		}
		sortEntries(m.Entries)
	}
	for _, r := range p.Next.Retired {
		if r.Doomed {
			m.Retired = append(m.Retired, r)
		}
	}
	return m
}
