package githubapp

// The webhooks about pull requests. GitHub sends comments on them as comments on issues
// (docs.github.com: webhook events and payloads).
const (
	EventComment = "issue_comment"
	EventPull    = "pull_request"
)

// Said is a comment or a label that somebody added to a pull request.
type Said struct {
	By string
	ID int64 // GitHub's of that person: names change hands
	// Bot says that By is not a person.
	Bot     bool   `json:",omitempty"`
	Comment string `json:",omitempty"`
	Label   string `json:",omitempty"`
}

// pullBody has the fields of a webhook about a pull request that Pressrun reads.
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

// maxCommand bounds how many bytes of a comment are kept: a command is at its beginning.
const maxCommand = 4096

// fillFromPull reads a comment or label of a pull request. A comment on an issue leaves Pull at 0.
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
