// Package simcms is a CMS in memory for exact cases: its editors save at random, some
// saves take long before they can be seen, stamps are in whole seconds and often the
// same, records are deleted, answers fail, are cut off, or leave records out. It knows
// each state that it was ever in, so that a copy can be held to it.
package simcms

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Types are the lists: posts have stamps and can be asked for by id; terms have none.
var Types = []string{"posts", "terms"}

// Options are how bad a CMS is.
type Options struct {
	// Records is how many posts there are at first, Page how many a page has at most.
	Records, Page int
	// Slow is the longest time from a save's stamp until it can be seen.
	Slow time.Duration
	// Errors is the share of answers that fail, Truncated of lists that leave something
	// out while they say how much there should be.
	Errors, Truncated float64
	// Saves is the mean number of saves between two requests.
	Saves float64
	// Latency is what an answer takes.
	Latency time.Duration
	// Body is how long a record's text is, in bytes.
	Body int
}

// Record is a record as it can be seen.
type Record struct {
	Type    string `json:"-"`
	ID      int    `json:"id"`
	Stamp   string `json:"modified,omitempty"`
	Version int    `json:"version"`
	Author  int    `json:"author,omitempty"`
	Text    string `json:"text"`
}

// CMS is a simulated CMS. It is safe for use by many goroutines.
type CMS struct {
	o   Options
	now func() time.Time

	mu       sync.Mutex
	random   *rand.Rand
	seen     map[string]Record // by type/id
	pending  []pending
	last     int
	version  int
	states   []State
	history  map[string][]Version
	digest   Digest
	requests int
	bytes    int64
	failing  func(n int) bool
	deleted  map[string]time.Time
	sorted   map[string][]Record // by type; nil after a change
}

// pending is a save whose transaction has not ended.
type pending struct {
	record Record
	at     time.Time
}

// Digest is of a state, whatever the order of its records.
type Digest [sha256.Size]byte

// Add puts a record into a digest, or takes it out again.
func (d *Digest) Add(key string, raw []byte) {
	sum := sha256.Sum256(append([]byte(key+"\n"), raw...))
	for i := range d {
		d[i] ^= sum[i]
	}
}

// State is what the CMS showed from an instant on.
type State struct {
	From   time.Time
	Digest Digest
}

// Version is what a record was from an instant on; Raw is nil while it was not there.
type Version struct {
	From time.Time
	Raw  []byte
}

// New makes a CMS with records that are an hour old.
func New(o Options, seed uint64, now func() time.Time) *CMS {
	c := &CMS{o: o, now: now, random: rand.New(rand.NewPCG(seed, 1)), seen: map[string]Record{}, history: map[string][]Version{}, deleted: map[string]time.Time{}}
	old := now().Add(-time.Hour)
	for i := range o.Records {
		c.last++
		c.show(Record{Type: "posts", ID: c.last, Stamp: stamp(old.Add(-time.Duration(i%3) * time.Second)), Author: 1 + i%5, Text: c.text()}, old)
	}
	for range max(1, o.Records/10) {
		c.last++
		c.show(Record{Type: "terms", ID: c.last, Text: c.text()}, old)
	}
	return c
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

func (c *CMS) text() string {
	c.version++
	return fmt.Sprintf("text %d %0*d", c.version, c.o.Body, 0)
}

func key(r Record) string { return fmt.Sprint(r.Type, "/", r.ID) }

// Raw is a record as answers have it.
func (r Record) Raw() []byte {
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return raw
}

// show makes a record visible.
func (c *CMS) show(r Record, at time.Time) {
	k := key(r)
	if was, ok := c.seen[k]; ok {
		c.digest.Add(k, was.Raw())
	}
	c.seen[k], c.sorted = r, nil
	c.digest.Add(k, r.Raw())
	c.states = append(c.states, State{at, c.digest})
	c.history[k] = append(c.history[k], Version{at, r.Raw()})
}

func (c *CMS) hide(k string, at time.Time) {
	was, ok := c.seen[k]
	if !ok {
		return
	}
	c.digest.Add(k, was.Raw())
	delete(c.seen, k)
	c.sorted = nil
	c.deleted[k] = at
	c.states = append(c.states, State{at, c.digest})
	c.history[k] = append(c.history[k], Version{at, nil})
}

// Edit has editors save and delete so many times.
func (c *CMS) Edit(times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range times {
		c.edit()
	}
}

// Save has editors save the first n posts, just now.
func (c *CMS) Save(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := 1; id <= n; id++ {
		if r, ok := c.seen[fmt.Sprint("posts/", id)]; ok {
			r.Text, r.Stamp = c.text(), stamp(c.now())
			c.show(r, c.now())
		}
	}
}

func (c *CMS) edit() {
	now := c.now()
	keys := make([]string, 0, len(c.seen))
	for k := range c.seen {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	switch what := c.random.IntN(20); {
	case what < 3 || len(keys) < 5: // a new one
		c.last++
		r := Record{Type: "posts", ID: c.last, Stamp: stamp(now), Author: 1 + c.last%5, Text: c.text()}
		if c.random.IntN(5) == 0 {
			r.Type, r.Stamp, r.Author = "terms", "", 0
		}
		c.save(r, now)
	case what < 5 && len(keys) > c.o.Records/2:
		c.hide(keys[c.random.IntN(len(keys))], now)
	default:
		k := keys[c.random.IntN(len(keys))]
		for range 1 + c.random.IntN(2) { // twice in one second, now and then
			r := c.seen[k]
			r.Text = c.text()
			if r.Type == "posts" {
				r.Stamp = stamp(now)
			}
			c.save(r, now)
		}
	}
}

// save begins a transaction; most end at once.
func (c *CMS) save(r Record, now time.Time) {
	if c.o.Slow > 0 && c.random.IntN(3) == 0 {
		c.pending = append(c.pending, pending{r, now.Add(time.Duration(c.random.Int64N(int64(c.o.Slow))))})
		return
	}
	c.show(r, now)
}

// settle ends the transactions whose time has come. One of a record that was deleted
// meanwhile fails, as it would in a database; it is an update of nothing.
func (c *CMS) settle() {
	now := c.now()
	slices.SortStableFunc(c.pending, func(a, b pending) int { return a.at.Compare(b.at) })
	for len(c.pending) > 0 && !c.pending[0].at.After(now) {
		p := c.pending[0]
		c.pending = c.pending[1:]
		if _, gone := c.deleted[key(p.record)]; !gone {
			c.show(p.record, now)
		}
	}
}

// Figures are how many requests were answered, with how many bytes.
func (c *CMS) Figures() (requests int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests, c.bytes
}

// FailWhen fails all answers from the n-th on that a function names, as a source does
// whose reader is killed; nil for none.
func (c *CMS) FailWhen(failing func(n int) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing = failing
}
