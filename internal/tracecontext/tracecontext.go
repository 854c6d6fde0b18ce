// Package tracecontext names the trace of a release and its spans. The names derive from
// facts of the release that never change, so that all who name them agree.
package tracecontext

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"sync"
	"time"
)

// Trace is the id of a trace, and Span that of a span: 16 and 8 bytes, not all zero
// (https://www.w3.org/TR/trace-context/#trace-id).
type (
	Trace [16]byte
	Span  [8]byte
)

// Root names the span of the whole release, Step that of a step of its run.
const Root = "release"

// Step names the span of a step of the release's run.
func Step(name string) string { return "step:" + name }

// Of is the trace of a release: requested is when it was opened, to the microsecond. The
// number alone would not do: a ledger restored from a backup gives numbers out again.
func Of(site string, number int64, requested time.Time) Trace {
	sum := sha256.Sum256(fmt.Appendf(nil, "pressrun trace\x00%s\x00%d\x00%d", site, number, requested.UnixMicro()))
	t := Trace(sum[:16])
	t[0] |= 1 // all zero is no trace
	return t
}

// Span is the id of a span of the trace, by its name.
func (t Trace) Span(name string) Span {
	sum := sha256.Sum256(append(t[:], name...))
	s := Span(sum[:8])
	s[0] |= 1
	return s
}

func (t Trace) String() string { return hex.EncodeToString(t[:]) }

func (s Span) String() string { return hex.EncodeToString(s[:]) }

// Parent is the value of traceparent, or of the variable TRACEPARENT, with which
// others join the trace below a span
// (https://www.w3.org/TR/trace-context/#traceparent-header,
// https://opentelemetry.io/docs/specs/otel/context/env-carriers/). It says that the
// trace is sampled.
func (t Trace) Parent(s Span) string { return fmt.Sprintf("00-%s-%s-01", t, s) }

// parent is compiled when it is first used: most runs join no trace.
var parent = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$`) })

// Read reads the trace's id from a traceparent; false if it is malformed.
func Read(traceparent string) (t Trace, ok bool) {
	m := parent().FindStringSubmatch(traceparent)
	if m == nil {
		return t, false
	}
	_, err := hex.Decode(t[:], []byte(m[1]))
	return t, err == nil && t != Trace{}
}
