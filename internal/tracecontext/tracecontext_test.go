package tracecontext

import (
	"strings"
	"testing"
	"time"
)

func TestNamesAreTheSameForTheSameReleaseAndForNoOther(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 123456789, time.UTC)
	trace := Of("www", 12, at)
	if trace != Of("www", 12, at.Truncate(time.Microsecond).In(time.FixedZone("", 3600))) {
		t.Error("another zone, or what is below a microsecond, makes another trace")
	}
	for name, other := range map[string]Trace{"site": Of("docs", 12, at), "number": Of("www", 13, at), "instant": Of("www", 12, at.Add(time.Microsecond))} {
		if other == trace {
			t.Errorf("another %s makes no other trace", name)
		}
	}
	if trace.Span(Root) == trace.Span(Step("build")) || trace.Span(Root) == Of("docs", 12, at).Span(Root) {
		t.Error("two spans have one name")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(Of("www", 1, time.Unix(0, 0)).Parent(Of("www", 1, time.Unix(0, 0)).Span(Root)))
	f.Add("00-00000000000000000000000000000000-0000000000000001-01")
	f.Add("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	f.Fuzz(func(t *testing.T, text string) {
		trace, ok := Read(text)
		if ok && (trace == Trace{} || !strings.HasPrefix(text, "00-"+trace.String()+"-")) {
			t.Errorf("%q was read as %s", text, trace)
		}
		if again, ok := Read(trace.Parent(trace.Span(Root))); trace != (Trace{}) && (!ok || again != trace) {
			t.Errorf("%s was read as %s", trace, again)
		}
	})
}
