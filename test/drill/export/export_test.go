// Package export drills the copy of a CMS's content: thousands of passes over a CMS
// whose editors save while it is read, whose answers fail, and whose reader is killed.
// Time is simulated.
package export

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/fetch"
	"github.com/pressrun/pressrun/internal/pace"
	"github.com/pressrun/pressrun/test/memory"
	"github.com/pressrun/pressrun/test/simcms"
)

var (
	passes = flag.Int("drill.passes", 120, "how many passes")
	seed   = flag.Uint64("drill.seed", 1, "what the random numbers begin with")
)

const source = "http://127.0.0.1:9"

// types are the simulated CMS's lists.
var types = []content.Type{
	{
		Name: "posts", Path: "/posts", ID: "/id", Stamp: "/modified", Pager: pager, Batch: 20, ByID: byID,
		Sparse:     url.Values{"fields": {"id,modified"}},
		Since:      func(at time.Time) url.Values { return url.Values{"since": {at.UTC().Format("2006-01-02T15:04:05")}} },
		References: map[content.Pointer]string{"/author": "authors"},
	},
	{Name: "terms", Path: "/terms", ID: "/id", Pager: pager, Batch: 20, ByID: byID},
}

var pager = content.Pager{SizeParam: "size", Size: 20, NumberParam: "page", First: 1, TotalHeader: "X-Total", PagesHeader: "X-Pages"}

func byID(ids []string) url.Values { return url.Values{"ids": {strings.Join(ids, ",")}} }

// figures are what a drill comes to.
type figures struct {
	passes, quiet, perItem, refused, failed, killed int
	differences, torn, undeleted                    int
	answered, again                                 int
}

// drill is one CMS and its copy.
type drill struct {
	t      *testing.T
	cms    *simcms.CMS
	dir    string
	random *rand.Rand
	cut    int // answers that killed runs of this pass had got
	figures
}

func TestCopiesAreWhatTheCMSWas(t *testing.T) {
	var all figures
	const each = 500 // passes over one CMS
	for done := 0; done < *passes; done += each {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(*seed, uint64(done)))
			options := simcms.Options{Records: 60, Page: 20, Slow: 90 * time.Second, Errors: 0.05, Truncated: 0.01, Saves: []float64{0, 0.02, 0.2}[random.IntN(3)], Latency: 200 * time.Millisecond}
			d := &drill{t: t, cms: simcms.New(options, *seed+uint64(done), time.Now), dir: filepath.Join(memory.Folder(t), "copy"), random: random}
			for range min(each, *passes-done) {
				d.pass()
			}
			all.add(d.figures)
		})
		if t.Failed() {
			break
		}
	}
	percent := 0.0
	if all.answered > 0 {
		percent = 100 * float64(all.again) / float64(all.answered)
	}
	fmt.Printf("passes=%d quiet=%d per_item=%d refused=%d failed=%d killed=%d differences=%d torn=%d missed_deletions=%d reread_after_kill_percent=%.2f\n",
		all.passes, all.quiet, all.perItem, all.refused, all.failed, all.killed, all.differences, all.torn, all.undeleted, percent)
	if all.quiet == 0 || all.killed == 0 || *passes > 1000 && all.perItem == 0 {
		t.Error("the drill did not come to what it is for")
	}
	if all.differences+all.torn+all.undeleted > 0 || percent >= 2 {
		t.Error("a promise is broken")
	}
}

func (f *figures) add(o figures) {
	f.passes, f.quiet, f.perItem, f.refused, f.failed, f.killed = f.passes+o.passes, f.quiet+o.quiet, f.perItem+o.perItem, f.refused+o.refused, f.failed+o.failed, f.killed+o.killed
	f.differences, f.torn, f.undeleted = f.differences+o.differences, f.torn+o.torn, f.undeleted+o.undeleted
	f.answered, f.again = f.answered+o.answered, f.again+o.again
}

// pass has editors work for a while, and makes a copy, which may be killed now and then.
func (d *drill) pass() {
	time.Sleep(time.Duration(d.random.Int64N(int64(20 * time.Minute))))
	d.cms.Edit(d.random.IntN(12))
	d.passes++
	before, _, beforeErr := archive.Read(d.dir)
	full := d.random.IntN(40) == 0
	d.cut = 0
	r, err := d.run(d.random.IntN(5) == 0, full)
	for errors.Is(err, context.Canceled) {
		if now, _, err := archive.Read(d.dir); beforeErr == nil && (err != nil || now.Snapshot != before.Snapshot) {
			d.t.Fatalf("a killed pass left %+v, %v, in place of %+v", now, err, before)
		}
		r, err = d.run(d.random.IntN(3) == 0, full)
	}
	switch _, guarded := errors.AsType[*export.GuardError](err); {
	case guarded:
		d.refused++
		d.t.Logf("refused: %v", err)
		return
	case err != nil: // a list that failed six times in a row
		d.failed++
		d.t.Logf("failed: %v", err)
		return
	}
	d.hold(r)
}

// run makes a pass; a killed one gives context.Canceled.
func (d *drill) run(kill, full bool) (export.Report, error) {
	ctx, cancel := context.WithCancel(d.t.Context())
	defer cancel()
	client, err := fetch.New(fetch.Options{URL: source, Pace: pace.New(pace.Limits{}), Transport: d.cms, Now: time.Now})
	if err != nil {
		d.t.Fatal(err)
	}
	asker := &killed{Client: client, kill: cancel}
	if kill {
		asker.at = 1 + d.random.Int64N(15)
	}
	plan := export.Plan{
		Dir: d.dir, Kind: "simcms", URL: source, Types: types, Ask: asker, Now: time.Now, Overlap: 2 * time.Minute, FullEvery: 24 * time.Hour,
		Full: full,
	}
	r, err := export.Run(ctx, plan)
	if err != nil && ctx.Err() != nil {
		d.killed++
		d.cut += int(asker.answered.Load())
		d.tear()
		return r, context.Canceled
	}
	if err == nil {
		d.answered += d.cut
		d.again += max(0, d.cut-r.Resumed)
	}
	return r, err
}

// killed asks until it is killed, at one of its answers.
type killed struct {
	*fetch.Client
	kill     context.CancelFunc
	at       int64
	answered atomic.Int64
}

// Ask asks.
func (k *killed) Ask(ctx context.Context, r content.Request, read func(fetch.Answer) error) error {
	err := k.Client.Ask(ctx, r, read)
	if err == nil && k.answered.Add(1) == k.at {
		k.kill()
	}
	return err
}

// hold holds a copy to what the CMS was.
func (d *drill) hold(r export.Report) {
	_, s, err := archive.Read(d.dir)
	if err != nil {
		d.t.Fatal(err)
	}
	copied := simcms.Copy{Watermark: r.Watermark, Until: time.Now(), Whole: r.Consistency == content.Quiet, Records: map[string][]byte{}}
	for _, one := range s.Records {
		raw, err := archive.Record(d.dir, s.ID, one)
		if err != nil {
			d.t.Fatal(err)
		}
		copied.Records[one.Type+"/"+one.ID] = raw
	}
	if copied.Whole {
		d.quiet++
	} else {
		d.perItem++
	}
	diff := d.cms.Compare(copied)
	d.differences += len(diff.Wrong)
	d.undeleted += len(diff.Undeleted)
	if diff.Torn {
		d.torn++
	}
	if len(diff.Wrong)+len(diff.Undeleted) > 0 || diff.Torn {
		d.t.Errorf("pass %d (%s, full %v, resumed %d, rounds %d, watermark %s, now %s): %+v", d.passes, r.Consistency, r.Full, r.Resumed, r.Rounds, r.Watermark, copied.Until.UTC(), diff)
	}
	d.cms.Forget(r.Watermark.Add(-time.Hour))
}

// tear leaves the journal as a power cut may: its last line half written.
func (d *drill) tear() {
	journal := filepath.Join(d.dir, ".pass", "journal")
	text, err := os.ReadFile(journal)
	if err != nil || d.random.IntN(2) == 0 {
		return
	}
	text = append(text, `{"key":"look 1.1 posts http`...)
	if err := os.WriteFile(journal, text, 0o600); err != nil {
		d.t.Fatal(err)
	}
}
