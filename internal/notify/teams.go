package notify

import (
	"bytes"
	"encoding/json"
	"strings"
)

// teams posts an Adaptive Card to a workflow of Microsoft Teams ("When a Teams webhook request is received":
// https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook), which replaced the retired
// Microsoft 365 connectors
// (https://devblogs.microsoft.com/microsoft365dev/retirement-of-office-365-connectors-within-microsoft-teams/).
// The workflow's address is itself the secret; it answers 202.
var teams = Kind{Name: "teams", Secret: SecretNever, People: true, Tells: forPeople(), Usual: usual, Body: teamsMessage, Header: bare}

type teamsBody struct {
	Type        string            `json:"type"`
	Attachments []teamsAttachment `json:"attachments"`
}

type teamsAttachment struct {
	ContentType string       `json:"contentType"`
	ContentURL  *string      `json:"contentUrl"`
	Content     adaptiveCard `json:"content"`
}

type adaptiveCard struct {
	Schema  string           `json:"$schema"`
	Type    string           `json:"type"`
	Version string           `json:"version"`
	Body    []adaptiveText   `json:"body"`
	Actions []adaptiveAction `json:"actions,omitempty"`
}

// adaptiveText is a RichTextBlock: unlike a TextBlock's, the text of its runs is not
// Markdown (https://adaptivecards.io/explorer/TextRun.html), so that a title from a CMS
// can't make a link or a heading.
type adaptiveText struct {
	Type    string        `json:"type"`
	Inlines []adaptiveRun `json:"inlines"`
}

type adaptiveRun struct {
	Type         string          `json:"type"`
	Text         string          `json:"text"`
	Weight       string          `json:"weight,omitempty"`
	Size         string          `json:"size,omitempty"`
	Color        string          `json:"color,omitempty"`
	IsSubtle     bool            `json:"isSubtle,omitempty"`
	SelectAction *adaptiveAction `json:"selectAction,omitempty"`
}

type adaptiveAction struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

func adaptive(runs ...adaptiveRun) adaptiveText {
	for i := range runs {
		runs[i].Type = "TextRun"
	}
	return adaptiveText{Type: "RichTextBlock", Inlines: runs}
}

func teamsMessage(_ string, f Fact) ([]byte, error) {
	c := f.card()
	colour := ""
	switch {
	case Trouble(f.Type):
		colour = "attention"
	case f.Type == ReleaseLive, f.Type == ReleaseRecovered:
		colour = "good"
	}
	out := adaptiveCard{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4"}
	out.Body = append(out.Body, adaptive(adaptiveRun{Text: c.Title, Weight: "bolder", Size: "medium", Color: colour}), adaptive(adaptiveRun{Text: c.Text}))
	for _, l := range c.Lines {
		run := adaptiveRun{Text: "• " + l.Text}
		if l.Link != "" {
			run.SelectAction = &adaptiveAction{Type: "Action.OpenUrl", Title: c.in.Say("Open"), URL: l.Link}
		}
		out.Body = append(out.Body, adaptive(run))
	}
	if c.More > 0 {
		out.Body = append(out.Body, adaptive(adaptiveRun{Text: c.moreLine()}))
	}
	out.Body = append(out.Body, adaptive(adaptiveRun{Text: strings.Join(c.Details, " · "), Size: "small", IsSubtle: true}))
	if c.Link != "" {
		out.Actions = []adaptiveAction{{Type: "Action.OpenUrl", Title: c.Button, URL: c.Link}}
	}
	var message bytes.Buffer
	e := json.NewEncoder(&message)
	e.SetEscapeHTML(false) // escaping takes six bytes for each <, and a message has 28 KB
	err := e.Encode(teamsBody{Type: "message", Attachments: []teamsAttachment{
		{ContentType: "application/vnd.microsoft.card.adaptive", Content: out},
	}})
	return message.Bytes(), err
}
