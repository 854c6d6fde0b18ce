package retention

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/retention"
)

const day = 24 * time.Hour

// openLedger opens a ledger with a site.
func openLedger(t testing.TB, folder string) *ledger.Ledger {
	t.Helper()
	policy := release.DefaultPolicy()
	policy.Quiet = 0
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(folder, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": policy}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// publish has a request accepted and a release take it live.
func publish(t testing.TB, l *ledger.Ledger, title string) {
	t.Helper()
	if _, err := l.Accept(t.Context(), ledger.Request{Site: "www", Source: release.FromEditor, Title: title}); err != nil {
		t.Fatal(err)
	}
	token := "token-" + title
	s, err := l.Tick(t.Context(), "www", token)
	if err != nil {
		t.Fatal(err)
	}
	run, number := release.Run{ID: "run-" + title, Attempt: 1}, s.Current.Number
	for _, e := range []release.Event{
		release.DispatchConfirmed{Token: token, Run: run},
		release.Claim{Release: number, Token: token, Run: run},
		release.Report{Release: number, Run: run, Sequence: 1, To: release.InProgress},
		release.Report{Release: number, Run: run, Sequence: 2, To: release.Complete},
		release.Report{Release: number, Run: run, Sequence: 3, To: release.Ready},
	} {
		if _, err := l.Decide(t.Context(), "www", e); err != nil {
			t.Fatalf("%T: %v", e, err)
		}
	}
}

// record adds events to the trail, from many goroutines: they share commits.
func record(t testing.TB, l *ledger.Ledger, events int) {
	t.Helper()
	const clients = 256
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := c; i < events; i += clients {
				if err := l.Record(t.Context(), ledger.Event{Site: "www", Kind: ledger.KindSkipped, Why: "nothing was due, and nothing had changed since"}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// watched counts what each transaction of a pass removes, and can break off.
type watched struct {
	ledger.Retention
	folder  string
	t       testing.TB
	steps   []int
	between func() // after each transaction
	dies    int    // at which transaction it breaks off; 0 for never
}

var errDied = errors.New("the app died")

func (w *watched) Remove(ctx context.Context, table ledger.OldTable, site string, rows []ledger.OldRow) error {
	files := exported(w.t, w.folder)
	for _, r := range rows {
		if files[string(table)+string(r.Text)] == 0 {
			w.t.Errorf("a row of %s goes, and is in no file: %s", table, r.Text)
		}
	}
	if w.steps = append(w.steps, len(rows)); len(w.steps) == w.dies {
		return errDied
	}
	defer w.between()
	return w.Retention.Remove(ctx, table, site, rows)
}

// exported counts the lines of all files, by table and row.
func exported(t testing.TB, folder string) map[string]int {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "removed-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(file); lines.Scan(); {
			var l line
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				t.Fatalf("%s: %v in %s", path, err, lines.Text())
			}
			rows[string(l.Table)+string(l.Row)]++
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

func prunerOf(rows Rows, folder string) *Pruner {
	return New(Options{
		Rows: rows, Folder: folder, Log: slog.New(slog.DiscardHandler), Removed: func(string, int) {}, Failed: func() {},
		Policy: retention.Policy{For: 30 * day, Releases: 2, HooksFor: 30 * day},
	})
}

func TestWhatGoesIsInAFileFirstWhateverBreaksOff(t *testing.T) {
	state, folder := t.TempDir(), filepath.Join(t.TempDir(), "removed")
	synctest.Test(t, func(t *testing.T) {
		l := openLedger(t, state)
		defer l.Close()
		for i := range 20 {
			publish(t, l, fmt.Sprint("page", i))
		}
		record(t, l, 700)
		all, err := l.Events(t.Context(), "www", 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(31 * day)
		publish(t, l, "young")
		for dies := 1; ; dies++ {
			rows := &watched{Retention: l.Retention(), folder: folder, t: t, between: func() {}, dies: dies}
			_, err := prunerOf(rows, folder).Pass(t.Context())
			if err == nil {
				break
			}
			if !errors.Is(err, errDied) {
				t.Fatal(err)
			}
			time.Sleep(time.Microsecond) // another file
		}
		left, err := l.Events(t.Context(), "www", 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		files, gone := exported(t, folder), 0
		for row := range files {
			if len(row) > 6 && row[:6] == "events" {
				gone++
			}
		}
		young := 0
		for _, e := range left {
			if time.Since(e.At) < day {
				young++
			}
		}
		if gone+len(left)-young != len(all) || len(left)-young > 60 {
			t.Errorf("%d events were there; %d are in files, %d old and %d young ones are left", len(all), gone, len(left)-young, young)
		}
		if past, _ := l.Releases(t.Context(), "www", 100, 0); len(past) != 2 {
			t.Errorf("%d releases are left, want the newest 2", len(past))
		}
	})
}

func TestNothingGoesThatCanNotBeWrittenDown(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLedger(t, state)
		defer l.Close()
		for i := range 5 {
			publish(t, l, fmt.Sprint("page", i))
		}
		time.Sleep(31 * day)
		blocked := filepath.Join(state, "pressrun.db", "removed") // a file is in the way
		if removed, err := prunerOf(l.Retention(), blocked).Pass(t.Context()); err == nil || removed != 0 {
			t.Errorf("%d rows went (%v)", removed, err)
		}
		if past, _ := l.Releases(t.Context(), "www", 100, 0); len(past) != 5 {
			t.Errorf("%d releases are left of 5", len(past))
		}
	})
}

// TestIntakeGoesOnWhileOldEventsGo shows what bounds the wait of whoever
// asks meanwhile: the rows of one transaction, between any two of which the writer
// takes others. What that is in milliseconds is measured by BenchmarkPass.
func TestIntakeGoesOnWhileOldEventsGo(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 10,000 events")
	}
	state, folder := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLedger(t, state)
		defer l.Close()
		record(t, l, 10_000)
		time.Sleep(31 * day)
		publish(t, l, "young")
		asked := 0
		rows := &watched{Retention: l.Retention(), folder: t.TempDir(), t: t}
		rows.between = func() {
			asked++
			if _, err := l.Accept(t.Context(), ledger.Request{Site: "www", Source: release.FromEditor}); err != nil {
				t.Error(err)
			}
		}
		pruner := prunerOf(counted{rows}, folder)
		began := time.Now()
		removed, err := pruner.Pass(t.Context())
		if err != nil || removed < 10_000 {
			t.Fatalf("%d rows went (%v)", removed, err)
		}
		if most := slices.Max(rows.steps); most > ledger.MostAtOnce || asked != len(rows.steps) {
			t.Errorf("one transaction removed %d rows, at most %d may go; %d requests between %d transactions", most, ledger.MostAtOnce, asked, len(rows.steps))
		}
		if rested := time.Since(began); rested < time.Duration(len(rows.steps))*rest {
			t.Errorf("%d transactions in %s: the writer had no rest between them", len(rows.steps), rested)
		}
		if left := len(exported(t, folder)); left != removed {
			t.Errorf("%d rows went, and %d are in the file", removed, left)
		}
		if free, err := l.Retention().Free(t.Context()); err != nil || free != 0 {
			t.Errorf("%d pages of the file hold nothing (%v)", free, err)
		}
		t.Logf("%d rows in %d transactions of at most %d", removed, len(rows.steps), slices.Max(rows.steps))
	})
}

// counted is watched without a look into the files at each of a thousand steps.
type counted struct{ *watched }

func (c counted) Remove(ctx context.Context, table ledger.OldTable, site string, rows []ledger.OldRow) error {
	c.steps = append(c.steps, len(rows))
	defer c.between()
	return c.Retention.Remove(ctx, table, site, rows)
}

// clocked takes the time of each transaction of a pass, its commit and the wait for the
// writer included.
type clocked struct {
	ledger.Retention
	took []time.Duration
}

func (c *clocked) Remove(ctx context.Context, table ledger.OldTable, site string, rows []ledger.OldRow) error {
	began := time.Now()
	defer func() { c.took = append(c.took, time.Since(began)) }()
	return c.Retention.Remove(ctx, table, site, rows)
}

func (c *clocked) Shrink(ctx context.Context, pages int) error {
	began := time.Now()
	defer func() { c.took = append(c.took, time.Since(began)) }()
	return c.Retention.Shrink(ctx, pages)
}

// BenchmarkPass measures the longest wait of requests, each on disk, while a pass
// removes events: run it with -benchtime 100000x.
func BenchmarkPass(b *testing.B) {
	l := openLedger(b, b.TempDir())
	defer l.Close()
	record(b, l, b.N)
	waits := func(ctx context.Context) (all []time.Duration) {
		for ctx.Err() == nil {
			began := time.Now()
			if _, err := l.Accept(context.WithoutCancel(ctx), ledger.Request{Site: "www", Source: release.FromContent, Title: "A title"}); err != nil {
				b.Error(err)
			}
			all = append(all, time.Since(began))
			time.Sleep(time.Millisecond)
		}
		slices.Sort(all)
		return all
	}
	alone, over := context.WithTimeout(b.Context(), 5*time.Second)
	defer over()
	before := waits(alone)
	rows := &clocked{Retention: l.Retention()}
	pruner := prunerOf(rows, b.TempDir())
	pruner.Policy.For = time.Nanosecond
	during, done := context.WithCancel(b.Context())
	defer done()
	b.ResetTimer()
	go func() {
		defer done()
		if _, err := pruner.Pass(during); err != nil {
			b.Error(err)
		}
	}()
	after := waits(during)
	b.StopTimer()
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(ms(before[len(before)*99/100]), "p99-alone-ms")
	b.ReportMetric(ms(before[len(before)-1]), "longest-alone-ms")
	b.ReportMetric(ms(after[len(after)*99/100]), "p99-ms")
	b.ReportMetric(ms(after[len(after)-1]), "longest-ms")
	b.ReportMetric(float64(len(after)), "asked")
	slices.Sort(rows.took)
	b.ReportMetric(ms(rows.took[len(rows.took)/2]), "step-ms")
	b.ReportMetric(ms(rows.took[len(rows.took)*99/100]), "step-p99-ms")
}
