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
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/text"
)

// sender sends notices to one target.
type sender interface {
	send(ctx context.Context, one ledger.Notice) outcome
	close()
}

// outcome is the outcome of a try.
type outcome struct {
	// taken says that the target took the notice; place names the message there, for
	// targets that can change it.
	taken bool
	place string
	// status is the answer's; 0 for none. trouble describes the failure.
	status  int
	trouble string
	// answer is the answer of a target that took a notice, where it is stored, and
	// watermark the time up to which the target now knows content to be live.
	answer    string
	watermark time.Time
	// after is the earliest time at which the target wants another try; over says that
	// another try is of no use, and lost that the message to change is gone.
	after      time.Time
	over, lost bool
	// own says that the target refused this notice, and takes others.
	own bool
}

// mostAnswer bounds an answer, in bytes: enough to see what was wrong.
const mostAnswer = 4 << 10

// webSender sends to a web address.
type webSender struct {
	kind    notify.Kind
	address string
	secrets []string
	client  *outbound.Client
}

func (s *webSender) close() { s.client.Close() }

func (s *webSender) send(ctx context.Context, one ledger.Notice) outcome {
	body := []byte(one.Body)
	if s.kind.Wire != nil {
		var err error
		if body, err = s.kind.Wire(body); err != nil {
			return outcome{trouble: err.Error(), over: true}
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(body))
	if err != nil {
		return outcome{trouble: troubleOf(outbound.Answer{}, err)}
	}
	r.Header.Set("User-Agent", "Pressrun")
	for name, value := range s.kind.Header(one.ID, body, s.secrets, ledger.Now()) {
		r.Header.Set(name, value)
	}
	answer, err := s.client.Do(r, mostAnswer)
	if err == nil && answer.OK() {
		trouble := ""
		if s.kind.Answer != nil {
			trouble = s.kind.Answer(answer.Body)
		}
		o := outcome{taken: trouble == "", status: answer.Status, trouble: trouble, over: trouble != "" && s.final(answer)}
		if s.kind.HandsOff {
			o.answer = answered(answer)
		}
		return o
	}
	o := refused(answer, err)
	o.over = o.over || err == nil && s.final(answer)
	if words := notify.SlackWebhookTrouble(answer.Body); s.kind.Name == "slack" && err == nil && words != "" {
		o.trouble = words
	}
	return o
}

// final says whether an answer would be the same at every try.
func (s *webSender) final(a outbound.Answer) bool {
	return s.kind.Final != nil && s.kind.Final(a.Status)
}

// refused is the outcome of an answer that is no 2xx.
func refused(a outbound.Answer, err error) outcome {
	return outcome{status: a.Status, trouble: troubleOf(a, err), after: retryAfter(a, ledger.Now()), over: a.Status == goneStatus}
}

// troubleOf describes an answer that is no 2xx.
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

// retryAfter is the time of the Retry-After header, an hour from now at the latest; zero for
// none.
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
