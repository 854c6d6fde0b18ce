package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

const headFormat = 1

// maxHistory is how many releases the head remembers, newest first.
const maxHistory = 50

// Head is the one small object that says which release is live and who is
// deploying. It is only ever swapped by a conditional write, so of two deploys
// that read the same head one wins and the other gets an error.
type Head struct {
	Format int    `json:"format"`
	Site   string `json:"site"`
	// Fence is the last sequence number of a lease. It only grows.
	Fence int64 `json:"fence"`
	Live  *Live `json:"live,omitempty"`
	// Pending are the deploys that began to write and did not commit: the paths in their
	// plans are in doubt until the next commit.
	Pending []int64 `json:"pending,omitempty"`
	Lease   *Lease  `json:"lease,omitempty"`
	History []Live  `json:"history,omitempty"` // releases before Live, newest first
	// Store are the capabilities of the store; nil before the first deploy has probed it.
	Store *store.Capabilities `json:"store,omitempty"`
	// RedirectStore names the store that also has the live release's redirects; "" for none.
	RedirectStore string `json:"redirect_store,omitempty"`
}

// Live is a release that was committed.
type Live struct {
	Sequence int64     `json:"sequence"` // of the deploy
	Manifest int64     `json:"manifest"` // sequence of the deploy that wrote its manifest
	Release  int64     `json:"release"`
	Numbered bool      `json:"numbered,omitempty"` // the caller gave the number; else it was counted here
	Commit   string    `json:"commit,omitempty"`
	At       time.Time `json:"at"`
	Files    int       `json:"files"`
	Pages    int       `json:"pages"`
	Bytes    int64     `json:"bytes"`
	// Rollback says that a rollback put the release back.
	Rollback bool `json:"rollback,omitempty"`
	// Swept says that all doomed files of the manifest have been deleted.
	Swept bool `json:"swept"`
}

// Lease is the right to write to the destination, until TTL after the head
// object was last written. Age is judged by the store's own clock (its Date
// against the object's Last-Modified), so no two machines' clocks are compared.
type Lease struct {
	Owner   string `json:"owner"`
	Fence   int64  `json:"fence"`
	TTL     int64  `json:"ttl_seconds"`
	Renewal int64  `json:"renewal"` // counts up, so that each head differs
}

// LockedError says that another deploy holds the lease.
type LockedError struct {
	Owner  string
	Expiry time.Duration // until the lease runs out if it isn't renewed
}

// Error names the owner of the lease, and how long a dead deploy would block.
func (e *LockedError) Error() string {
	return fmt.Sprintf("another deploy is writing to this destination (%s); if it has died, its lease ends in %s",
		e.Owner, e.Expiry.Round(time.Second))
}

// ErrLeaseLost says that this deploy no longer has the right to write.
var ErrLeaseLost = errors.New("the deploy has lost its lease on the destination, and stopped before the next write")

// ParseHead reads a head object and checks that it is this site's.
func ParseHead(data []byte, site string) (Head, error) {
	var h Head
	if err := json.Unmarshal(data, &h); err != nil {
		return h, fmt.Errorf("the destination's head is %w: %w", ErrCorrupt, err)
	}
	if h.Format > headFormat {
		return h, fmt.Errorf("the destination's head: format %d: %w", h.Format, ErrNewerFormat)
	}
	if h.Format < 1 || h.Fence < 0 || (h.Live != nil && h.Live.Sequence > h.Fence) {
		return h, fmt.Errorf("the destination's head is %w: its numbers contradict each other", ErrCorrupt)
	}
	if site != "" && h.Site != "" && h.Site != site {
		return h, fmt.Errorf("the destination holds the site %q, not %q: deploy to another bucket, prefix or folder", h.Site, site)
	}
	return h, nil
}

// Encode writes the head.
func (h Head) Encode() ([]byte, error) {
	h.Format = headFormat
	return json.MarshalIndent(h, "", "  ")
}

// Acquire returns the head with the lease taken by owner. Age is the time since
// the head was last written, by the store's clock.
func (h Head) Acquire(owner, site string, age, ttl time.Duration) (Head, error) {
	if l := h.Lease; l != nil && l.Owner != owner {
		if left := time.Duration(l.TTL)*time.Second - age; left > 0 {
			return h, &LockedError{Owner: l.Owner, Expiry: left}
		}
	}
	if h.Site == "" {
		h.Site = site
	}
	h.Fence++
	h.Lease = &Lease{Owner: owner, Fence: h.Fence, TTL: int64(ttl / time.Second)}
	return h, nil
}

// Renew returns the head with the lease renewed; without a lease, the head as it is.
func (h Head) Renew() Head {
	if h.Lease == nil {
		return h
	}
	l := *h.Lease
	l.Renewal++
	h.Lease = &l
	return h
}

// Begin adds the lease's deploy to Pending, before its first write.
func (h Head) Begin() Head {
	pending := make([]int64, 0, len(h.Pending)+1)
	h.Pending = append(append(pending, h.Pending...), h.Lease.Fence)
	return h
}

// Commit makes a release the live one, and empties Pending.
func (h Head) Commit(live Live) Head {
	if h.Live != nil {
		h.History = trimHistory(maxHistory, append([]Live{*h.Live}, h.History...))
	}
	h.Live = &live
	h.Pending = nil
	return h
}

// Committed says whether the deploy of this sequence number went live, now or
// before.
func (h Head) Committed(sequence int64) bool {
	return h.Live != nil && h.Live.Sequence == sequence ||
		slices.ContainsFunc(h.History, func(l Live) bool { return l.Sequence == sequence })
}

// trimHistory drops releases from too long a history: first those that changed nothing,
// then the oldest. A build every hour must not push out the releases to roll back to.
func trimHistory(most int, history []Live) []Live {
	for i := len(history) - 2; i >= 0 && len(history) > most; i-- {
		if history[i].Manifest == history[i+1].Manifest {
			history = slices.Delete(history, i, i+1)
		}
	}
	return history[:min(len(history), most)]
}

// Release gives the lease back; swept says that the deletes are done.
func (h Head) Release(swept bool) Head {
	h.Lease = nil
	if h.Live != nil && swept {
		live := *h.Live
		live.Swept = true
		h.Live = &live
	}
	return h
}

// StateHeaders are the headers of all state objects: nothing may cache them.
const StateHeaders store.Headers = "cache-control: " + rules.CacheNever + "\ncontent-type: application/octet-stream\n"
