package notices

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
)

const (
	// slackPause is the least wait between two messages: Slack takes one a second in a
	// channel (https://docs.slack.dev/apis/web-api/rate-limits/).
	slackPause = time.Second
	// mostSlackAnswer bounds an answer of Slack's API, in bytes: it repeats the message.
	mostSlackAnswer = 256 << 10
)

// slackSender posts as a Slack app, and updates the message of a release.
type slackSender struct {
	target              ledger.NoticeTarget
	api, channel, token string
	client              *outbound.Client
	ledger              Ledger
}

func newSlackSender(o Options, to ledger.NoticeTarget, c config.Target) (*slackSender, error) {
	lines, err := config.SecretLines(c.Slack.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("read its token: %w", err)
	}
	client, err := outbound.To(c.Slack.Address(), o.Transport)
	if err != nil {
		return nil, err
	}
	return &slackSender{target: to, api: c.Slack.Address(), channel: c.Slack.Channel, token: lines[0], client: client, ledger: o.Ledger}, nil
}

func (s *slackSender) close() { s.client.Close() }

func (s *slackSender) send(ctx context.Context, one ledger.Notice) outcome {
	place := ""
	if one.Release != 0 {
		var err error
		if place, err = s.ledger.NoticePlace(ctx, s.target, one.Release); err != nil {
			return outcome{trouble: troubleOf(outbound.Answer{}, err)}
		}
	}
	answer, err := s.call(ctx, one, place)
	if err != nil || !answer.OK() {
		return refused(answer, err)
	}
	reply := notify.SlackAnswer(answer.Body)
	return outcome{
		taken: reply.Trouble == "", place: reply.Place, status: answer.Status, trouble: reply.Trouble,
		after: retryAfter(answer, ledger.Now()), lost: reply.Lost,
	}
}

func (s *slackSender) call(ctx context.Context, one ledger.Notice, place string) (outbound.Answer, error) {
	method, body, err := notify.SlackCall([]byte(one.Body), s.channel, place)
	if err != nil {
		return outbound.Answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api+"/"+method, bytes.NewReader(body))
	if err != nil {
		return outbound.Answer{}, err
	}
	r.Header.Set("User-Agent", "Pressrun")
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Authorization", "Bearer "+s.token)
	return s.client.Do(r, mostSlackAnswer)
}
