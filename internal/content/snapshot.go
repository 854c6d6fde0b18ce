package content

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Record describes a record of a snapshot, without its bytes.
type Record struct {
	Key
	// Hash is of the bytes, as Hash gives it; Size is their number.
	Hash string `json:"hash"`
	Size int64  `json:"size"`
	// Stamp and Revision are the source's own, as it gave them.
	Stamp    string `json:"stamp,omitempty"`
	Revision string `json:"revision,omitempty"`
	// References are the records that it names, each "type/id".
	References []string `json:"references,omitempty"`
	// First is the first snapshot with this record.
	First string `json:"first,omitempty"`
}

// Consistency says whether a snapshot shows one instant of its source.
type Consistency string

// The consistencies, the best first.
const (
	// Quiet is the state of the source at one instant, at or after the watermark: two
	// readings of everything with nothing changed between them.
	Quiet Consistency = "quiet"
	// PerItem is each record as it was at some instant after the watermark.
	PerItem Consistency = "per item"
)

// InWords describes a consistency for people.
func (c Consistency) InWords() string {
	switch c {
	case Quiet:
		return "quiet: all of it is as it was at one instant, at or after the watermark"
	case PerItem:
		return "per item: the content kept changing while it was read, each record is from an instant of its own after the watermark"
	}
	return string(c)
}

// Snapshot is a copy of a source's content. It is never changed.
type Snapshot struct {
	// Format is the format of this document, 1.
	Format int `json:"format"`
	// ID is the snapshot's name: its watermark, and a part of its digest.
	ID     string `json:"id"`
	Source Source `json:"source"`
	// Watermark is the instant just before the content was read, by the source's clock:
	// everything that was visible in the CMS before is in the snapshot.
	Watermark   time.Time   `json:"watermark"`
	Consistency Consistency `json:"consistency"`
	// Digest is a hash of all keys and hashes: the same digest means the same content.
	Digest  string   `json:"digest"`
	Records []Record `json:"records"`
}

// Source identifies the source of a snapshot.
type Source struct {
	Kind string `json:"kind"`
	URL  string `json:"url"`
	// Model is the hash that Model makes of the types: a copy of another model is read
	// anew.
	Model string `json:"model"`
}

// Sort sorts a snapshot's records, and sets its digest and its id.
func (s *Snapshot) Sort() {
	slices.SortFunc(s.Records, func(a, b Record) int { return a.Compare(b.Key) })
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q\n", s.Source.Kind, s.Source.URL)
	for _, r := range s.Records {
		fmt.Fprintf(sum, "%q %q %q %s\n", r.Type, r.ID, r.Language, r.Hash)
	}
	s.Digest = hex.EncodeToString(sum.Sum(nil))
	s.ID = s.Watermark.UTC().Format("20060102T150405Z") + "-" + s.Digest[:12]
}

// Counts are the numbers of records of each type.
func (s *Snapshot) Counts() map[string]int {
	counts := map[string]int{}
	for _, r := range s.Records {
		counts[r.Type]++
	}
	return counts
}

// Changes are the differences of two snapshots.
type Changes struct {
	// Since is the snapshot that they follow; empty for none.
	Since   string `json:"since,omitempty"`
	Added   []Key  `json:"added,omitempty"`
	Changed []Key  `json:"changed,omitempty"`
	Removed []Key  `json:"removed,omitempty"`
	// Affected are unchanged records that refer directly to one of those: the pages that
	// show them may change.
	Affected []Key `json:"affected,omitempty"`
}

// Empty says whether there are none.
func (c Changes) Empty() bool { return len(c.Added)+len(c.Changed)+len(c.Removed) == 0 }

// Between are the changes from one snapshot, which may be nil, to a later one.
func Between(before, after *Snapshot) Changes {
	var c Changes
	had := map[Key]string{}
	if before != nil {
		c.Since = before.ID
		for _, r := range before.Records {
			had[r.Key] = r.Hash
		}
	}
	touched := map[string]bool{}
	own := map[Key]bool{}
	for _, r := range after.Records {
		hash, was := had[r.Key]
		delete(had, r.Key)
		switch {
		case !was:
			c.Added = append(c.Added, r.Key)
		case hash != r.Hash:
			c.Changed = append(c.Changed, r.Key)
		default:
			continue
		}
		touched[r.Type+"/"+r.ID], own[r.Key] = true, true
	}
	for key := range had {
		c.Removed = append(c.Removed, key)
		touched[key.Type+"/"+key.ID] = true
	}
	slices.SortFunc(c.Removed, Key.Compare)
	if before != nil {
		c.Affected = referring(after.Records, touched, own)
	}
	return c
}

// referring are the records that refer to a touched one, without the touched ones themselves.
func referring(records []Record, touched map[string]bool, own map[Key]bool) []Key {
	var keys []Key
	for _, r := range records {
		if !own[r.Key] && slices.ContainsFunc(r.References, func(to string) bool { return touched[to] }) {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// Unresolved are the references to missing records of types that the snapshot has:
// "type/id", each once, in order.
func (s *Snapshot) Unresolved() []string {
	has, types := map[string]bool{}, map[string]bool{}
	for _, r := range s.Records {
		has[r.Type+"/"+r.ID], types[r.Type] = true, true
	}
	missing := map[string]bool{}
	for _, r := range s.Records {
		for _, to := range r.References {
			if !has[to] && types[typeOf(to)] {
				missing[to] = true
			}
		}
	}
	return sortedKeys(missing)
}
