package year

import (
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// site is what there is of a site outside of the app: its editors' zone, the
// runs that are at work on it, and what the public reads.
type site struct {
	world *world
	name  string
	zone  *time.Location

	mu      sync.Mutex
	working map[*run]bool
	leased  *run
	live    version
	// versions are what each release made live, by number.
	versions map[int64]version
}

// version is content as it was read at an instant, live since another.
type version struct {
	release  int64
	read, at time.Time
	// of is the release whose content it is, when that was put back.
	of int64
}

// earlier is a release that was live and may be put back; 0 for none.
func (s *site) earlier(c chance) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []int64
	for number, v := range s.versions {
		if v.of == 0 && number != s.live.release && number != s.live.of {
			all = append(all, number)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[max(0, len(all)-1-c.IntN(8))] // a destination keeps some
}

// hid says whether a rollback took a release away, at any time.
func (s *site) hid(number int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.versions {
		if v.of != 0 && v.release > number && v.of < number {
			return true
		}
	}
	return false
}

// rolledBack is what the public reads, and whether that is a rollback's.
func (s *site) rolledBack() (version, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live, s.live.of != 0
}

func newSite(w *world, name, zone string) *site {
	w.t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		w.t.Fatal(err)
	}
	return &site{world: w, name: name, zone: loc, working: map[*run]bool{}, versions: map[int64]version{}}
}

// enter notes that the app has let a run begin. Two at once are an overlap,
// unless the app ended the other one's release knowing that its run goes on: it
// was told to, or had been cut off from the run for long. Such an orphan is told
// at its next word, and the destination's lease and guard are there for it.
func (s *site) enter(r *run) {
	s.mu.Lock()
	others := make([]*run, 0, len(s.working))
	for other := range s.working {
		if other.run.ID != r.run.ID {
			others = append(others, other)
		}
	}
	s.working[r] = true
	s.mu.Unlock()
	for _, other := range others {
		switch s.world.outcome(s.name, other.release) {
		case release.Cancelled, release.Stale, release.Superseded:
			s.world.figures.count(&s.world.figures.orphans)
		case "", release.Succeeded, release.Failed, release.Unchanged:
			s.world.broken(&s.world.figures.overlaps, "%s: %s began release #%d while %s (%s) was at work on #%d",
				s.name, r.run.ID, r.release, other.run.ID, other.fate, other.release)
		}
	}
}

func (s *site) leave(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.working, r)
}

// lease is the destination's: one deploy at a time.
func (s *site) lease(r *run) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leased != nil {
		s.world.figures.count(&s.world.figures.leaseRefused)
		return false
	}
	s.leased = r
	return true
}

func (s *site) unlease(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leased == r {
		s.leased = nil
	}
}

// commit makes what a run read the public site. The destination refuses a
// release that is older than the one that is live, as the deploy engine does.
func (s *site) commit(r *run) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.release < s.live.release {
		s.world.figures.count(&s.world.figures.olderRefused)
		return false
	}
	v := version{release: r.release, read: r.read, at: time.Now()}
	if back := r.job.RollbackTo; back != 0 {
		v.of, v.read = back, s.versions[back].read
	} else if r.read.Before(s.live.read) {
		s.world.broken(&s.world.figures.backwards, "%s: release #%d put content of %s over that of %s", s.name, r.release, r.read, s.live.read)
	}
	s.live, s.versions[r.release] = v, v
	return true
}

// version is what a release made live.
func (s *site) version(number int64) (version, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.versions[number]
	return v, ok
}
