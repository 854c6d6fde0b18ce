package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Errors of every Store.
var (
	// ErrNotFound says that there is no object with the key.
	ErrNotFound = errors.New("not found")
	// ErrDeleted is an ErrNotFound in a bucket with versions: the key has a delete marker. A
	// store may report it for Get alone.
	ErrDeleted = fmt.Errorf("deleted: %w", ErrNotFound)
	// ErrPrecondition says that the condition of a write failed: nothing was written.
	ErrPrecondition = errors.New("changed by someone else in the meantime")
	// ErrUnreachable says that the store gave no complete answer, or can't take requests at
	// the moment.
	ErrUnreachable = errors.New("the store can't be reached")
)

// MaxKey is the longest key of S3, in bytes of UTF-8 (S3 user guide, "Creating object key
// names").
const MaxKey = 1024

// Condition is the condition of a write. The zero value is none.
type Condition struct {
	IfMatch  string // write only over the object with this ETag
	IfAbsent bool   // write only when there is none
}

// Body is a file's content. It can be read again from the start, for a retry, and in parts.
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

// Copy copies content that the store has, with new headers. Headers of the old object that
// the new ones lack may stay, as in versitygw 1.8: so a plan that removes a header sends
// the file again.
type Copy struct {
	Key  string
	From string // key of the content; Key itself to change headers only
	// FromStore is the store of From, if that is another one of the same kind.
	FromStore Store
	// FromVersion is the version of From to copy, of a Versioner; empty for the present one.
	FromVersion string
	Headers     Headers
	If          Condition // on Key
	FromTag     string    // ETag that From must have; empty for any
	// Size of the content, by which a store knows that one request can't copy it; 0 for
	// unknown.
	Size int64
}

// Written is a store's answer to a write.
type Written struct {
	ETag string
	// Version is the object's version id; empty without versions. It is reliable only while
	// Versioner.Versioned says yes.
	Version string
}

// Deletion is one object to delete, if it has this ETag.
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
	// Now is the store's clock at its answer; zero if it is not known.
	Now time.Time
}

// Object is a small object with its body.
type Object struct {
	Info
	Body []byte
}

// Store keeps objects under keys that are relative to its root. It is safe for concurrent
// use. Errors are sentences for an operator, and wrap ErrNotFound, ErrPrecondition or
// ErrUnreachable where those apply.
type Store interface {
	// String is the address for people: "s3://bucket/prefix".
	String() string
	Get(ctx context.Context, key string) (Object, error)
	Stat(ctx context.Context, key string) (Info, error)
	Put(ctx context.Context, put Put) (Written, error)
	Copy(ctx context.Context, c Copy) (Written, error)
	// Delete deletes objects, and returns one error or nil for each deletion. An object that
	// does not exist is no error.
	Delete(ctx context.Context, dels []Deletion) []error
	// List calls f for every object whose key starts with prefix, by key.
	List(ctx context.Context, prefix string, f func(Info) error) error
	// Requests counts the requests made so far.
	Requests() int64
}

// Versioner is a Store that may keep versions of overwritten and deleted objects.
type Versioner interface {
	Store
	// Versioned says whether it keeps versions now. An error says that this can't be read,
	// for want of the API or of permissions.
	Versioned(ctx context.Context) (bool, error)
	// StatVersion describes a version. ErrNotFound: it is gone, as by a lifecycle rule.
	StatVersion(ctx context.Context, key, version string) (Info, error)
	// GetVersion reads a small version.
	GetVersion(ctx context.Context, key, version string) (Object, error)
}

// Pager is a Store whose listing can be read from any key on, so that several parts can be
// read at once.
type Pager interface {
	Store
	// Page returns the first objects after a key, in the order of the bytes of their keys;
	// more says whether others follow. errors.ErrUnsupported: the store can only be listed
	// from its start.
	Page(ctx context.Context, after string) (page []Info, more bool, err error)
}

// Stager is a Store that can publish a release atomically. Writes after Stage are not
// visible; Publish makes them live at once.
type Stager interface {
	Stage(ctx context.Context, sequence int64) error
	Publish(ctx context.Context) error
	// Discard removes the staged files that were not published: reads then return the live
	// ones.
	Discard() error
}

// Destination is a site's public store and the private one for its state. They
// may be the same bucket under different prefixes.
type Destination struct {
	Site  Store
	State Store
	// StatePrefix is the prefix of the state in the site's own store; empty if the state is
	// in another one.
	StatePrefix string
	// KeptPrefix is the prefix, in KeptStore, of the content that releases replaced, kept
	// for a rollback, once for each hash; empty if none can be kept.
	KeptPrefix string
	// Kept is the store of the kept content: the state's, if that is another bucket; nil for
	// Site.
	Kept Store
}

// KeptStore is the store of the kept content.
func (d Destination) KeptStore() Store {
	if d.Kept != nil {
		return d.Kept
	}
	return d.Site
}

// ReservedPrefix is the prefix of keys in the site's store that a build may not use.
func (d Destination) ReservedPrefix() string {
	if d.StatePrefix != "" || d.Kept != nil {
		return d.StatePrefix
	}
	return d.KeptPrefix
}

// Requests counts the requests to both stores. The site's store counts those to a state
// inside of it.
func (d Destination) Requests() int64 {
	n := d.Site.Requests()
	if d.StatePrefix == "" {
		n += d.State.Requests()
	}
	return n
}
