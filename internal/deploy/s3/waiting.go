package s3

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// Waiting says that the store has not answered for some seconds, and that a request is being
// retried.
type Waiting struct {
	Store  string    // the endpoint, or AWS S3 in a region
	Reason string    // "it refuses connections"
	Until  time.Time // about when the request fails
}

// String is a line for people.
func (w Waiting) String() string {
	return fmt.Sprintf("waiting for the store at %s: %s; trying until about %s", w.Store, w.Reason, w.Until.Format("15:04:05 MST"))
}

const (
	// waitReported is the time without an answer after which it is reported.
	waitReported = 4 * time.Second
	maxBackoff   = 8 * time.Second
	dialLimit    = 30 * time.Second // the SDK's own
)

// waits reports each time in which a store gives no usable answer, once, if report is set.
type waits struct {
	report   func(Waiting)
	store    string
	attempts int

	mu       sync.Mutex
	since    time.Time // of the first failure since the last answer
	heard    time.Time // when the last answer came
	reported bool
}

// failed notes a failed try, and the pause before the next.
func (w *waits) failed(err error, next time.Duration) {
	if w.report == nil {
		return
	}
	why, each := whyWaiting(err)
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		w.since = now
	}
	if !w.reported && now.Add(next).Sub(w.since) >= waitReported {
		w.emit(why, w.since.Add(w.longest(each)))
	}
}

// noAnswer reports a try without an answer for waitReported. Call stop when it has ended.
func (w *waits) noAnswer() (stop func()) {
	began, over := time.Now(), false
	timer := time.AfterFunc(waitReported, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !over && !w.reported && w.heard.Before(began) {
			w.emit("it does not answer", began.Add(w.longest(dialLimit)))
		}
	})
	return func() {
		timer.Stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		over = true
	}
}

// answered notes an answer.
func (w *waits) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since, w.reported, w.heard = time.Time{}, false, time.Now()
}

func (w *waits) emit(why string, until time.Time) {
	w.reported = true
	w.report(Waiting{Store: w.store, Reason: why, Until: until})
}

// longest is the longest duration of a request: that of all tries and of the pauses between
// them.
func (w *waits) longest(each time.Duration) time.Duration {
	total := each * time.Duration(w.attempts)
	for attempt := 1; attempt < w.attempts; attempt++ {
		total += min(maxBackoff, time.Duration(math.Pow(2, float64(attempt)))*time.Second)
	}
	return total
}

// whyWaiting says why a try failed, and how long such a try takes.
func whyWaiting(err error) (why string, each time.Duration) {
	var dns *net.DNSError
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses connections", 0
	case errors.As(err, &dns):
		return "the name " + dns.Name + " can't be looked up", 0
	case errors.As(err, &network) && network.Timeout():
		return "it does not answer", dialLimit
	case isThrottle(err):
		return "it asks for fewer requests", 0
	}
	if status := httpStatus(err); status >= http.StatusInternalServerError {
		return fmt.Sprintf("it answers with status %d", status), 0
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return "it can't be reached", 0
	}
	return "the connection breaks off", 0
}

// long are the operations that may take long without a fault.
var long = map[string]bool{
	"PutObject": true, "UploadPart": true, "CopyObject": true, "UploadPartCopy": true, "CompleteMultipartUpload": true, "DeleteObjects": true,
}

// watch adds noAnswer and answered to each try of an operation.
func (w *waits) watch(stack *middleware.Stack) error {
	if w.report == nil {
		return nil
	}
	// For each try by itself: before the first, credentials may take long.
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Answered", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		if !long[middleware.GetOperationName(ctx)] {
			defer w.noAnswer()()
		}
		out, meta, err := next.HandleDeserialize(ctx, in)
		if status := httpStatus(err); err == nil || status > 0 && status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
			w.answered()
		}
		return out, meta, err
	}), middleware.Before)
}
