//go:build linux

// Command sites measures what many sites come to, by the real pressrun serve: what it costs
// to serve them at rest, how soon the schedules of all of them ask when they have the same
// minute, whether the others are dispatched at once beside one with very many requests, what
// intake comes to on PostgreSQL beside SQLite and by two replicas beside one, and how soon
// pages answer. It exits with 1 when an aim is missed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/servers"
)

func main() {
	o := ordinary()
	list := flag.String("parts", strings.Join(names(), ","), "which parts are measured")
	flag.IntVar(&o.sites, "sites", o.sites, "how many sites there are")
	flag.DurationVar(&o.rest, "rest", o.rest, "how long they are watched at rest")
	flag.IntVar(&o.installations, "installations", o.installations, "on how many accounts at GitHub their repositories are: it takes a dispatch a second of each")
	flag.DurationVar(&o.beside, "beside", o.beside, "how long one site has very many requests")
	flag.IntVar(&o.minute, "minute", o.minute, "how many requests a minute it has")
	flag.IntVar(&o.others, "others", o.others, "how many requests a second the other sites have together")
	flag.DurationVar(&o.intake, "intake", o.intake, "how long each measurement of intake lasts")
	flag.IntVar(&o.rounds, "rounds", o.rounds, "how often intake is measured each way, in turn; medians are told")
	flag.IntVar(&o.askers, "askers", o.askers, "how many ask for releases of one site at once, each again as soon as it has its answer")
	flag.IntVar(&o.clients, "clients", o.clients, "how many read pages, each one a second")
	flag.IntVar(&o.releases, "releases", o.releases, "how many releases ten of the sites have behind them")
	flag.DurationVar(&o.pages, "pages", o.pages, "how long each measurement of pages lasts")
	flag.Parse()
	o.parts = strings.Split(*list, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is deferred that matters to anybody
	}
}

type options struct {
	parts                                             []string
	sites, installations                              int
	minute, others, rounds, askers, clients, releases int
	rest, beside, intake, pages                       time.Duration
	// once has each schedule fire once, some seconds after the start, instead of at a
	// minute of each hour.
	once bool
}

// ordinary are those of the promises.
func ordinary() options {
	return options{
		sites: 1000, rest: 30 * time.Second, installations: 50, beside: 30 * time.Second, minute: 10_000, others: 10,
		intake: 5 * time.Second, rounds: 3, askers: 512, clients: 64, releases: 20_000, pages: 5 * time.Second,
	}
}

// part is what is measured by itself, with servers of its own.
type part struct {
	name    string
	measure func(t testing.TB, o options) []figure
}

var parts = []part{{"resting", resting}, {"schedules", schedules}, {"fairness", fairness}, {"engines", engines}, {"pages", pages}}

func names() (all []string) {
	for _, one := range parts {
		all = append(all, one.name)
	}
	return all
}

// run measures the parts that were asked for, and prints what they came to as one line.
func run(ctx context.Context, o options) error {
	for _, name := range o.parts {
		if !slices.Contains(names(), name) {
			return fmt.Errorf("there is no part %q: there are %s", name, strings.Join(names(), ", "))
		}
	}
	found := []figure{{name: "sites", value: float64(o.sites)}}
	began := time.Now()
	for _, one := range parts {
		if !slices.Contains(o.parts, one.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", one.name)
		err := servers.Outside(ctx, func(t testing.TB) {
			t.Helper()
			all := one.measure(t, o)
			found = append(found, all...)
			fmt.Fprintln(os.Stderr, line(all))
		})
		if err != nil {
			return fmt.Errorf("measure %s: %w", one.name, err)
		}
	}
	found = append(found, figure{name: "took_seconds", value: time.Since(began).Seconds()})
	fmt.Println(line(found))
	return missed(found)
}
