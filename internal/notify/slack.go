package notify

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/text"
)

// slack is a message in Block Kit (https://docs.slack.dev/block-kit/). With a bot's
// token there is one message for a release, which changes with it
// (https://docs.slack.dev/reference/methods/chat.update/); an incoming webhook can
// only post (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/).
var slack = Kind{
	Name: "slack", Secret: SecretNever, People: true, Tells: forPeople(), Usual: usual, Body: slackMessage, Header: bare, Answer: slackWebhookAnswer,
}

// slackText is a text object, and slackBlock a block, with the fields used here.
type slackText struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"`
}

type slackBlock struct {
	Type     string         `json:"type"`
	Text     *slackText     `json:"text,omitempty"`
	Elements []slackElement `json:"elements,omitempty"`
}

// slackElement is a text of a context block, or a button of an actions block.
type slackElement struct {
	Type     string `json:"type"`
	Text     any    `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"`
	URL      string `json:"url,omitempty"`
	ActionID string `json:"action_id,omitempty"`
}

// slackBody is a message. Channel and TS are set when it is sent.
type slackBody struct {
	Channel     string       `json:"channel,omitempty"`
	TS          string       `json:"ts,omitempty"`
	Text        string       `json:"text"`
	Blocks      []slackBlock `json:"blocks"`
	UnfurlLinks *bool        `json:"unfurl_links,omitempty"`
	UnfurlMedia *bool        `json:"unfurl_media,omitempty"`
}

// slackEscape escapes text for Slack
// (https://docs.slack.dev/messaging/formatting-message-text/#escaping): without it
// <!channel> in a title would notify everybody.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func slackSection(words string) slackBlock {
	return slackBlock{Type: "section", Text: &slackText{Type: "mrkdwn", Text: words, Verbatim: true}}
}

func slackMessage(_ string, f Fact) ([]byte, error) {
	c, no := f.card(), false
	title, said := slackEscape.Replace(c.Title), slackEscape.Replace(c.Text)
	m := slackBody{Text: title + "\n" + said, UnfurlLinks: &no, UnfurlMedia: &no}
	m.Blocks = append(m.Blocks, slackSection("*"+title+"*\n"+said))
	for _, l := range c.Lines {
		words := "• " + slackEscape.Replace(l.Text)
		if l.Link != "" {
			words += " <" + slackEscape.Replace(l.Link) + "|" + slackEscape.Replace(c.in.Say("Open")) + ">"
		}
		m.Blocks = append(m.Blocks, slackSection(words))
	}
	if c.More > 0 {
		m.Blocks = append(m.Blocks, slackSection(c.moreLine()))
	}
	m.Blocks = append(m.Blocks, slackBlock{Type: "context", Elements: []slackElement{
		{Type: "mrkdwn", Text: slackEscape.Replace(strings.Join(c.Details, " · ")), Verbatim: true},
	}})
	if c.Link != "" {
		m.Blocks = append(m.Blocks, slackBlock{Type: "actions", Elements: []slackElement{
			{Type: "button", Text: slackText{Type: "plain_text", Text: c.Button}, URL: c.Link, ActionID: "open"},
		}})
	}
	return json.Marshal(m)
}

// SlackCall makes the call that sends a message to a channel: it updates the message at a
// place that SlackAnswer returned, or posts a new one for "".
func SlackCall(body []byte, channel, place string) (method string, call []byte, err error) {
	var m slackBody
	if err := json.Unmarshal(body, &m); err != nil {
		return "", nil, fmt.Errorf("read a message for Slack: %w", err)
	}
	method, m.Channel = "chat.postMessage", channel
	if in, ts, ok := strings.Cut(place, "/"); ok {
		method, m.Channel, m.TS = "chat.update", in, ts
		m.UnfurlLinks, m.UnfurlMedia = nil, nil // chat.update has no such arguments
	}
	call, err = json.Marshal(m)
	return method, call, err
}

// SlackReply is an answer of Slack's API.
type SlackReply struct {
	// Place identifies the message, for SlackCall.
	Place string
	// Trouble is the error; "" when the message was taken. Lost says that the message to
	// update was deleted or can't be updated: post a new one.
	Trouble string
	Lost    bool
}

// SlackAnswer reads the body of an answer of Slack's API with status 200
// (https://docs.slack.dev/apis/web-api/#responses).
func SlackAnswer(body []byte) SlackReply {
	var a struct {
		OK      bool   `json:"ok"`
		Error   string `json:"error"`
		Needed  string `json:"needed"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return SlackReply{Trouble: "its answer is not from Slack's API: is the address right?"}
	}
	if a.OK {
		if a.Channel == "" || a.TS == "" || strings.Contains(a.Channel, "/") {
			return SlackReply{Trouble: "Slack did not say where the message is"}
		}
		return SlackReply{Place: a.Channel + "/" + a.TS}
	}
	r := SlackReply{Trouble: slackTrouble(a.Error)}
	if a.Error == "missing_scope" && a.Needed != "" {
		r.Trouble += " (needed: " + plain(a.Needed, longestDetail) + ")"
	}
	switch a.Error {
	case "message_not_found", "cant_update_message", "edit_window_closed":
		r.Lost = true
	}
	return r
}

// slackErrors explain the errors of chat.postMessage, chat.update and incoming webhooks
// for which there is a remedy.
var slackErrors = map[string]string{ //nolint:gosec // G101: words about tokens are none
	"invalid_auth":           "Slack does not know the token: put the Bot User OAuth Token of your app into token_file",
	"not_authed":             "Slack was sent no token: put the Bot User OAuth Token of your app into token_file",
	"account_inactive":       "the token's app or workspace is no more: install the app again and put its new token into token_file",
	"token_revoked":          "the token was revoked: install the app again and put its new token into token_file",
	"token_expired":          "the token has expired: turn token rotation off for the app, or put a new token into token_file",
	"not_allowed_token_type": "the token is of the wrong type: use the Bot User OAuth Token, which begins with xoxb-",
	"missing_scope":          "the app may not post: give it the scope chat:write and install it again",
	"channel_not_found":      "Slack knows no such channel, or the app can't see it: write the channel's ID, and invite the app to a private one",
	"not_in_channel":         "the app is not in the channel: type /invite @APP there, or give the app the scope chat:write.public",
	"is_archived":            "the channel is archived: name another one",
	"channel_is_archived":    "the channel is archived: make a webhook for another one",
	"restricted_action":      "the workspace's settings do not let the app post in this channel: ask its administrator",
	"action_prohibited":      "the workspace's settings do not let the webhook post: ask its administrator",
	"no_service":             "the webhook was removed or is off: make a new one and put its address into url_file",
	"no_active_hooks":        "the webhook was removed or is off: make a new one and put its address into url_file",
	"no_team":                "the webhook's workspace is no more: make a new one and put its address into url_file",
	"invalid_token":          "the webhook's address is wrong: copy it again into url_file",
	"ratelimited":            "Slack was asked too much, and is asked again later",
	"rate_limited":           "too much was posted to the channel, and it is tried again later",
	"message_limit_exceeded": "too much was posted to the channel, and it is tried again later",
	"message_not_found":      "the release's message was deleted: a new one is posted",
	"cant_update_message":    "the release's message is another app's: a new one is posted",
	"edit_window_closed":     "the release's message is too old to change: a new one is posted",
}

func slackTrouble(code string) string {
	code = text.Shorten(text.OneLine(code), 60)
	if words := slackErrors[code]; words != "" {
		return words + " (" + code + ")"
	}
	if code == "" {
		return "Slack refused the message and did not say why"
	}
	return "Slack refused the message: " + code
}

// slackWebhookAnswer finds an error in an incoming webhook's answer, which is "ok" when
// it took a message.
func slackWebhookAnswer(body []byte) string {
	if strings.TrimSpace(string(body)) == "ok" {
		return ""
	}
	return "its answer is not from a Slack webhook, which says ok: is the address right?"
}

// SlackWebhookTrouble explains why an incoming webhook refused a message; "" for an unknown error.
func SlackWebhookTrouble(body []byte) string {
	code := strings.TrimSpace(string(body[:min(len(body), 100)]))
	if words := slackErrors[code]; words != "" {
		return words + " (" + code + ")"
	}
	return ""
}
