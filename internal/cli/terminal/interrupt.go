package terminal

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// noticeAfter is how long the end of an interrupted command may take without a
	// message, and repeatedWithin how long further signals count as the same one:
	// wrappers pass on a signal that the terminal has sent to the command too.
	noticeAfter    = time.Second
	repeatedWithin = 300 * time.Millisecond
)

// Interruptible is a context that a signal ends. What is under way then gets time
// to leave things in order; a second signal ends the program at once, but for a
// run of pressrun action, whose runner knows when to kill it.
func Interruptible(args []string, t *Terminal) (ctx context.Context, stop func()) {
	// A reader that goes away (| head) must not end a deploy in its middle. Notify
	// and not Ignore: the programs started from here would inherit the ignoring.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
		case <-ended:
			return
		}
		if len(args) > 0 && args[0] == "action" {
			return
		}
		select {
		case <-time.After(repeatedWithin):
			restore()
		case <-ended:
			return
		}
		select {
		case <-time.After(noticeAfter - repeatedWithin):
			fmt.Fprintln(t.Err, "pressrun: interrupted; leaving things in order, which takes some seconds at most. Interrupt again to end at once")
		case <-ended:
		}
	}()
	return ctx, func() { close(ended); restore() }
}
