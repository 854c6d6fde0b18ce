package preview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/pressrun/pressrun/action/report"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/preview"
)

// Report reports a preview to the app.
type Report struct {
	File        string `arg:"" type:"path" help:"What 'preview create --json' printed."`
	App         string `required:"" env:"PREVIEW_APP_URL" placeholder:"URL" help:"Address of the app (${env})."`
	Site        string `required:"" env:"PREVIEW_SITE" placeholder:"SITE" help:"The site (${env})."`
	PullRequest int64  `required:"" env:"PREVIEW_PULL_REQUEST" placeholder:"N" help:"Number of the pull request (${env})."`
	Token       string `required:"" env:"PREVIEW_TOKEN" placeholder:"TOKEN" help:"The one that the workflow was dispatched with; it is no secret (${env})."`
	terminal.OutputFlags
}

// Help has the examples.
func (Report) Help() string {
	return `For the workflow by which an app previews pull requests: tells it where the preview is
and which pages differ, so that the comment on the pull request says so. The run shows
by GitHub's word who it is: its job needs "permissions: id-token: write".

Examples:

  pressrun preview report preview.json --app https://pressrun.example.gov --site www --pull-request 12 --token "$TOKEN"`
}

// reportedDocument is the output of `preview report --json`.
type reportedDocument struct {
	Site        string `json:"site"`
	PullRequest int64  `json:"pull_request"`
}

// Run reports.
func (c *Report) Run(ctx context.Context, t *terminal.Terminal) error {
	in, err := c.input()
	if err != nil {
		return usage(err)
	}
	client, err := api.NewClient(c.App, "", api.Options{})
	if err != nil {
		return usage(fmt.Errorf("--app: %w", err))
	}
	if os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL") == "" {
		return exit.With(exit.Unauthorized, errors.New("GitHub says to nobody who this run is: give its job \"permissions: id-token: write\""))
	}
	token, err := report.IDToken(ctx, os.Getenv, client.BaseURL())
	if err != nil {
		return err
	}
	if err := client.WithToken(token).ReportPreview(ctx, in); err != nil {
		return err
	}
	p := c.Printer(t)
	if p.JSON {
		return p.Document(reportedDocument{c.Site, c.PullRequest})
	}
	_, err = fmt.Fprintf(p.Out, "the app knows of the preview of pull request %d\n", c.PullRequest)
	return err
}

func (c *Report) input() (api.PreviewReport, error) {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return api.PreviewReport{}, fmt.Errorf("read what was made: %w", err)
	}
	var made struct {
		preview.Record
		Differences json.RawMessage `json:"differences"`
	}
	if err := json.Unmarshal(text, &made); err != nil || made.Name == "" {
		return api.PreviewReport{}, fmt.Errorf("%s is not what `pressrun preview create --json` printed", c.File)
	}
	return api.PreviewReport{
		Site: c.Site, PullRequest: c.PullRequest, Token: c.Token, Address: made.Address, Expires: made.Expires, Files: made.Files, Differences: made.Differences,
	}, nil
}
