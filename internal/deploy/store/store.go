package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Errors that every Store reports the same way, whatever is behind it.
var (
	// ErrNotFound says that there is no object with the key.
	ErrNotFound = errors.New("not found")
	// ErrDeleted is an ErrNotFound of a bucket with versions: the key held something
	// once. A store may tell so when an object is read, and not when it is looked at.
	ErrDeleted = fmt.Errorf("deleted: %w", ErrNotFound)
	// ErrPrecondition says that a conditional write found something else than
	// expected, and wrote nothing.
	ErrPrecondition = errors.New("changed by someone else in the meantime")
	// ErrUnreachable says that the store did not answer, or not wholly, or that it
	// can't take anything at the moment.
	ErrUnreachable = errors.New("the store can't be reached")
)

// Condition guards a write. The zero value writes whatever is there.
type Condition struct {
	IfMatch  string // write only over the object with this ETag
	IfAbsent bool   // write only when there is none
}

// Body is a file's content, readable again from the start (for a retry) and by
// parts (for a large file).
type Body interface {
	io.ReadSeeker
	io.ReaderAt
}

// Put is one object to write.
type Put struct {
	Key     string
	Headers Headers
	Size    int64
	Sum     Sum    // SHA-256 of the body: the store refuses a body that differs
	CRC     uint64 // CRC-64/NVME of the body, likewise
	Body    Body
	If      Condition
}

// Copy takes content that the store already has, under other headers. Headers
// that the old object had and the new set lacks may stay: versitygw 1.8 keeps
// them, so a plan that takes a header away sends the file again.
type Copy struct {
	Key  string
	From string // key of the content; Key itself to change headers only
	// FromStore is where From is, when that is another store of the same kind.
	FromStore Store
	// FromVersion is the version of From to take, of a Versioner; empty for what
	// From holds now.
	FromVersion string
	Headers     Headers
	If          Condition // on what Key holds now
	FromTag     string    // ETag that From must have; empty for any
	// Size of the content, where it is known: it tells at once how to copy what is
	// too large for one request. 0 where it is not known.
	Size int64
}

// Written is what a store says of an object that it has just stored.
type Written struct {
	ETag string
	// Version is the id under which a store that keeps versions keeps this one;
	// empty elsewhere. It is to be relied on only where a Versioner says so.
	Version string
}

// Deletion is one object to delete, only while it is the one with this ETag.
type Deletion struct {
	Key  string
	ETag string // empty for any
}

// Info describes an object.
type Info struct {
	Key      string
	Size     int64
	ETag     string
	Version  string // as in Written; empty from List
	CRC      uint64
	HasCRC   bool
	Headers  Headers // empty from List
	Modified time.Time
	// Now is the store's clock as it answered; zero when it doesn't say.
	Now time.Time
}

// Object is a small object read whole.
type Object struct {
	Info
	Body []byte
}

// Store is where objects are kept, under keys relative to its own root. It is
// safe for concurrent use. Errors are sentences for an operator, wrapping
// ErrNotFound or ErrPrecondition where those apply.
type Store interface {
	// String is the address for people: "s3://bucket/prefix".
	String() string
	Get(ctx context.Context, key string) (Object, error)
	Stat(ctx context.Context, key string) (Info, error)
	Put(ctx context.Context, put Put) (Written, error)
	Copy(ctx context.Context, c Copy) (Written, error)
	// Delete deletes each object or says why not: its result has one error (or
	// nil) for each deletion. An object that is already gone is deleted.
	Delete(ctx context.Context, dels []Deletion) []error
	// List calls f for every object whose key starts with prefix, by key.
	List(ctx context.Context, prefix string, f func(Info) error) error
	// Requests counts the requests made so far.
	Requests() int64
}

// Versioner is a Store that may keep overwritten and deleted objects, each version under
// an id of its own.
type Versioner interface {
	Store
	// Versioned says whether it does so now. A store that can't be asked, or
	// does not let these credentials ask, gives an error.
	Versioned(ctx context.Context) (bool, error)
	// StatVersion describes a version. One that is gone, as rules of the bucket
	// may have it, is ErrNotFound.
	StatVersion(ctx context.Context, key, version string) (Info, error)
	// GetVersion reads a small version whole.
	GetVersion(ctx context.Context, key, version string) (Object, error)
}

// Pager is a Store whose listing can be read from any key on, so that parts of it
// can be read at once.
type Pager interface {
	Store
	// Page gives objects whose keys come after a key, by the bytes of their keys,
	// from the first of them on; more says whether others come behind.
	// errors.ErrUnsupported: the store can only be listed from its start.
	Page(ctx context.Context, after string) (page []Info, more bool, err error)
}

// Stager is a Store that can show a whole release at one instant. After Stage,
// writes go where no visitor looks; Publish makes them live all at once.
type Stager interface {
	Stage(ctx context.Context, sequence int64) error
	Publish(ctx context.Context) error
	// Discard gives up the staged files that were not published: what is read from then
	// on is what visitors see.
	Discard() error
}

// Destination is a site's public store and the private one for its state. They
// may be the same bucket under different prefixes.
type Destination struct {
	Site  Store
	State Store
	// StatePrefix is where the state lies inside the site's own store, so that
	// no file is published there; empty when it lies elsewhere.
	StatePrefix string
	// KeptPrefix is where content that releases replaced is kept for a rollback,
	// once for each hash; empty when none can be. It is among the keys of Kept.
	KeptPrefix string
	// Kept is the store that content is kept in: the state's where that lies in
	// another bucket, so that the public one lists nothing of it. Nil for Site.
	Kept Store
}

// KeptStore is the store that has the content under KeptPrefix.
func (d Destination) KeptStore() Store {
	if d.Kept != nil {
		return d.Kept
	}
	return d.Site
}

// Private is the prefix of names that a build may not use.
func (d Destination) Private() string {
	if d.StatePrefix != "" || d.Kept != nil {
		return d.StatePrefix
	}
	return d.KeptPrefix
}

// Requests counts the requests made to both stores. A state that lies inside the
// site's own store is counted by that.
func (d Destination) Requests() int64 {
	n := d.Site.Requests()
	if d.StatePrefix == "" {
		n += d.State.Requests()
	}
	return n
}
