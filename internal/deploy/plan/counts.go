package plan

// Counts are the numbers of files by their reason in the plan.
type Counts struct {
	New       int `json:"new"`
	Content   int `json:"content"`
	Headers   int `json:"headers"`
	Gone      int `json:"gone"`
	Expired   int `json:"expired"`
	Unchanged int `json:"unchanged"`
	Retired   int `json:"retired"` // dropped assets that stay for their grace time
}

// Change is one path and why it changed.
type Change struct {
	Path   string `json:"path"`
	Reason Reason `json:"reason"`
}

// Counts are the plan's files by reason.
func (p *Plan) Counts() Counts {
	c := Counts{Unchanged: p.Unchanged, Retired: p.Retired}
	for w := range p.AllWrites() {
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
	for _, d := range p.Deletes {
		if d.Reason == ReasonGone {
			c.Gone++
		} else {
			c.Expired++
		}
	}
	return c
}

// Upload is the number of files and bytes that the plan sends.
func (p *Plan) Upload() (files int, bytes int64) {
	for w := range p.AllWrites() {
		if w.Sends() {
			files++
			bytes += p.Next.Entries[w.Index].Size
		}
	}
	return files, bytes
}

// Writes is the number of files that the plan writes, and of bytes that it sends for them.
func (p *Plan) Writes() (files int, bytes int64) {
	for _, phase := range p.Phases {
		files += len(phase.Writes)
	}
	_, bytes = p.Upload()
	return files, bytes
}

// Empty says whether the destination already has the build.
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
	for w := range p.AllWrites() {
		out = append(out, Change{p.Next.Entries[w.Index].Path, w.Reason})
	}
	for _, d := range p.Deletes {
		out = append(out, Change{d.Path, d.Reason})
	}
	return out
}
