package githubapp

// The webhooks that tell of pull requests. GitHub sends comments on them as those on
// issues (docs.github.com: webhook events and payloads).
const (
	EventComment = "issue_comment"
	EventPull    = "pull_request"
)

// Said is what somebody said of a pull request: by a comment, or by a label.
type Said struct {
	By string
	ID int64 // GitHub's of that person: names change hands
	// Bot says that it was no person.
	Bot     bool   `json:",omitempty"`
	Comment string `json:",omitempty"`
	Label   string `json:",omitempty"`
}

// pullBody is what we read of a webhook about a pull request.
type pullBody struct {
	Number int64 `json:"number"`
	Issue  struct {
		Number int64     `json:"number"`
		Pull   *struct{} `json:"pull_request"`
	} `json:"issue"`
	Comment struct {
		Body string  `json:"body"`
		User account `json:"user"`
	} `json:"comment"`
	Label struct {
		Name string `json:"name"`
	} `json:"label"`
}

// maxCommand bounds what is kept of a comment, in bytes: a command is at its beginning.
const maxCommand = 4096

// fillFromPull reads what is said of a pull request. A comment on an issue that is none
// leaves Pull at 0.
func (n *Webhook) fillFromPull(b webhookBody) {
	if n.Event == EventPull {
		n.Pull = b.Number
		if b.Label.Name != "" {
			n.Said = said(b.Sender)
			n.Said.Label = b.Label.Name
		}
		return
	}
	if b.Issue.Pull == nil {
		return
	}
	n.Pull, n.Said = b.Issue.Number, said(b.Comment.User)
	n.Said.Comment = b.Comment.Body[:min(len(b.Comment.Body), maxCommand)]
}

func said(who account) *Said { return &Said{By: who.Login, ID: who.ID, Bot: who.Type != "User"} }
