package ledger

import (
	"errors"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/release"
)

// Request is a request as it was accepted. Place is its place in line, 0 while its
// NotBefore lies ahead. Via names the credential by which it came, for the audit trail:
// its holder may name any actor.
type Request struct {
	ID, Site, Key, Actor, Title, Link, Entity, Reason string
	Via                                               string
	Source                                            release.Source
	Place                                             int64
	AcceptedAt, NotBefore                             time.Time
	// Emergency says that an operator wants it to go before the releases of all other
	// sites. The release and the audit trail keep that, the request does not.
	Emergency bool
}

// Resolution is the outcome of a request so far: the release that serves or served it,
// the releases that failed to (the newest 50, oldest first), and since when it is live.
type Resolution struct {
	Status  release.Status
	Release int64
	Failed  []int64
	LiveAt  time.Time
}

// Release is a release of a site, with the metrics of its run as JSON.
type Release struct {
	release.Release
	Site    string
	Metrics string
}

// Event is an entry of the audit trail. IDs only grow.
type Event struct {
	ID                           int64
	Site, Kind, Request, By, Why string
	Release                      int64
	At                           time.Time
}

// The kinds of events that the ledger itself writes; the rules' own are in
// package release.
const (
	KindAccepted  = "request.accepted"
	KindScheduled = "request.scheduled"
	KindDue       = "request.due"
	KindMoved     = "request.moved"
	KindWithdrawn = "request.withdrawn"
	// KindSkipped: a slot of a schedule asked for nothing, because nothing was due.
	KindSkipped = "schedule.skipped"
)

// Errors that callers tell apart.
var (
	// ErrNoSite: the site is not configured.
	ErrNoSite = errors.New("there is no such site")
	// ErrNotFound: there is no such request or release.
	ErrNotFound = errors.New("not found")
	// ErrClosed: the ledger has been closed.
	ErrClosed = errors.New("the ledger is closed")
	// ErrDamaged: the file is no database, or is torn. Restore a backup.
	ErrDamaged = database.ErrDamaged
)

type (
	// Unavailable says that nothing can be written at the moment.
	Unavailable = database.Unavailable
	// Unknown says that it is not known whether something was kept.
	Unknown = database.Unknown
	// InUse says that another process has the ledger open.
	InUse = database.InUse
)
