// Package cmssample makes deliveries of CMSs by the thousand, for drills and
// benchmarks: each is another event.
package cmssample

import (
	"bytes"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/cms"
)

// Secret is one with which every dialect can sign.
const Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// Timed says whether a dialect signs the time too, so that what is sent again later
// is refused.
func Timed(d cms.Dialect) bool {
	switch d.Name() {
	case "contentful", "ghost", "sanity", "standard", "wagtail", "wordpress":
		return true
	}
	return false
}

// New is the delivery of a number to a path, not yet signed. The event of each number
// is another one.
func New(d cms.Dialect, path string, number int) cms.Delivery {
	sent := d.Sample()
	sent.URI = path
	began, err := time.Parse("2006-01-02T15:04:05", cms.SampleTime)
	if err != nil {
		panic(err) // a constant of ours
	}
	at := began.Add(time.Duration(number) * time.Second).Format("2006-01-02T15:04:05")
	for old, now := range map[string]string{`sample"`: fmt.Sprintf(`sample-%d"`, number), cms.SampleTime: at, "Opening hours": fmt.Sprintf("Opening hours %d", number)} {
		sent.Body = bytes.ReplaceAll(sent.Body, []byte(old), []byte(now))
	}
	if d.Name() == "generic" {
		sent.Body = append(fmt.Appendf(nil, `{"key":"sample-%d",`, number), sent.Body[1:]...)
	}
	for name, values := range sent.Header {
		for i, value := range values {
			if value == "sample" || value == "msg_sample" {
				sent.Header[name][i] = fmt.Sprintf("%s-%d", value, number)
			}
		}
	}
	return sent
}

// Known says whether a dialect's events have ids of their own, so that one that comes
// twice is known.
func Known(d cms.Dialect) bool {
	sent := New(d, "/", 1)
	d.Sign(&sent, Secret, time.Now())
	events, err := d.Events(sent)
	return err == nil && len(events) > 0 && events[0].ID != ""
}
