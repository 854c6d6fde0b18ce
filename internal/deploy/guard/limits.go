package guard

// BrokenShare is MaxBrokenShare or its default.
func (l Limits) BrokenShare() float64 {
	if l.MaxBrokenShare == 0 {
		return 0.1
	}
	return l.MaxBrokenShare
}

// Limits bound the difference between a build and the last release. Zero values are the
// defaults.
type Limits struct {
	// MaxVanishedShare of the last release's pages may be missing, from 0 to 1, and
	// as large a share of its documents. Default: 0.5 up to 100, 0.3 up to 1,000,
	// else 0.2.
	MaxVanishedShare float64 `json:"max_vanished_share,omitempty"`
	// MinVanished of them may be missing whatever their share; default 5.
	MinVanished int `json:"min_vanished,omitempty"`
	// MaxZeroBytePages may be empty; default 0.
	MaxZeroBytePages int `json:"max_zero_byte_pages,omitempty"`
	// MaxShrunkShare of pages may shrink to a fifth of their size or less;
	// default 0.1, and never fewer than 5 pages.
	MaxShrunkShare float64 `json:"max_shrunk_share,omitempty"`
	// MaxBrokenShare of the changed pages may name files that the build does not
	// have; default 0.1, and never fewer than 5 pages. 1 turns the guard off.
	MaxBrokenShare float64 `json:"max_broken_share,omitempty"`
	// NoIndex is for sites that have no index.html at their root.
	NoIndex bool `json:"no_index,omitempty"`
	// StatePrefix is the prefix of paths that a build may not use.
	StatePrefix string `json:"-"`
}
