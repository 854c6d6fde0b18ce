package notices

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/text"
)

// mostAnswer is how much of an answer is read: enough to see what was wrong.
const mostAnswer = 4 << 10

// send sends a notice by HTTP.
func (t *target) send(ctx context.Context, one ledger.Notice) (outbound.Answer, error) {
	body := []byte(one.Body)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.address, bytes.NewReader(body))
	if err != nil {
		return outbound.Answer{}, err
	}
	r.Header.Set("User-Agent", "Pressrun")
	for name, value := range t.kind.Header(one.ID, body, t.secrets, ledger.Now()) {
		r.Header.Set(name, value)
	}
	return t.client.Do(r, mostAnswer)
}

// troubleOf says what was wrong with an answer.
func troubleOf(a outbound.Answer, err error) string {
	switch {
	case err != nil:
		return text.Shorten(text.OneLine(err.Error()), 300)
	case a.Status/100 == 3:
		return fmt.Sprintf("it answered with %d, a redirect, which is not followed: configure the new address", a.Status)
	case a.Status == goneStatus:
		return "it answered with 410: it wants no more of this"
	}
	words := strings.TrimSpace(text.OneLine(strings.ToValidUTF8(string(a.Body), "")))
	if words == "" {
		return fmt.Sprintf("it answered with %d", a.Status)
	}
	return fmt.Sprintf("it answered with %d: %s", a.Status, text.Shorten(words, 200))
}

// retryAfter is when a target that was asked too much wants to be asked again; zero
// when it does not say. It is no later than an hour from now.
func retryAfter(a outbound.Answer, now time.Time) time.Time {
	said := a.Header.Get("Retry-After")
	if said == "" {
		return time.Time{}
	}
	at, err := http.ParseTime(said)
	if seconds, e := strconv.Atoi(said); e == nil {
		at, err = now.Add(time.Duration(min(max(seconds, 0), 3600))*time.Second), nil
	}
	if err != nil {
		return time.Time{}
	}
	if most := now.Add(longestWait); at.After(most) {
		return most
	}
	return at
}
