package pace

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// OfResponse judges the server's load by an HTTP answer; resp is nil when there was none.
// Do not call it for a request that its own caller cancelled.
func OfResponse(resp *http.Response, now time.Time) Answer {
	if resp == nil {
		return Answer{Verdict: Overloaded}
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return Answer{Verdict: Overloaded, RetryAfter: RetryAfter(resp.Header, now)}
	case http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return Answer{Verdict: Overloaded}
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return Answer{Verdict: Failed}
	}
	return Answer{}
}

// longest bounds the wait that is read from a header: MaxWait caps it further.
const longest = 365 * 24 * time.Hour

// RetryAfter is how long a server asks us to wait, in seconds or until an instant of
// its own clock, which its Date tells (RFC 9110, 10.2.3); 0 when it says nothing
// that is understood. A fraction of a second is rounded up.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(math.Min(math.Ceil(seconds), longest.Seconds())) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), longest)
}
