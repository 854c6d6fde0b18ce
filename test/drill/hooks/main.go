// Command hooks is the drill of what CMSs send: all dialects at once call a real app
// with what is valid, forged, truncated, replayed and doubled, while it is killed and
// started again. In the end no call that nobody signed was taken, no event became two
// requests, and each that was acknowledged is there. The last line is of key=value
// pairs; a broken promise ends it with 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

type options struct {
	span    time.Duration
	rate    int
	senders int
	kills   int
	seed    uint64
}

func main() {
	var o options
	flag.DurationVar(&o.span, "span", 20*time.Second, "how long is sent")
	flag.IntVar(&o.rate, "rate", 2000, "how many calls a second")
	flag.IntVar(&o.senders, "senders", 128, "over how many connections")
	flag.IntVar(&o.kills, "kills", 2, "how often the app is killed meanwhile")
	flag.Uint64Var(&o.seed, "seed", 1, "of all chances")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.span+5*time.Minute)
	defer cancel()
	f, err := drill(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hooks:", err)
	}
	fmt.Println(f.line(o))
	if err != nil || f.broken() {
		os.Exit(1) //nolint:gocritic // nothing is deferred that matters to anybody
	}
}

// figures are what the drill counts.
type figures struct {
	// sent are the calls that were answered, by kind.
	sent map[kind]int
	// accepted are the events that were acknowledged; unknown those whose call was
	// broken off by a kill, and that have no id by which they could be sent again.
	accepted, unknown int
	// forged are calls that nobody signed and that were taken all the same; doubled
	// are events that became more than one request; lost are those that were
	// acknowledged, or refused although they were right, and are not there.
	forged, doubled, lost int
	// wrong are refusals of another kind than the call's.
	wrong, kills int
	perSecond    float64
	took         time.Duration
}

func (f figures) broken() bool {
	for _, k := range kinds {
		if f.sent[k] == 0 {
			return true // a drill without them shows nothing
		}
	}
	return f.accepted == 0 || f.forged+f.doubled+f.lost+f.wrong > 0
}

func (f figures) line(o options) string {
	return fmt.Sprintf("per_second=%.0f valid=%d again=%d forged=%d truncated=%d replayed=%d kills=%d unknown=%d wrong=%d seed=%d wall_seconds=%.0f accepted=%d forged_accepted=%d doubled=%d lost=%d",
		f.perSecond, f.sent[valid], f.sent[again], f.sent[forged], f.sent[truncated], f.sent[replayed], f.kills, f.unknown, f.wrong, o.seed, f.took.Seconds(),
		f.accepted, f.forged, f.doubled, f.lost)
}
