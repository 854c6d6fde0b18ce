// Package cli is the program's command line: its grammar, its help, and what
// becomes of an error. The commands are in the packages below it.
package cli

import (
	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/action"
	"github.com/pressrun/pressrun/internal/cli/bake"
	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/connect"
	"github.com/pressrun/pressrun/internal/cli/copying"
	"github.com/pressrun/pressrun/internal/cli/demo"
	"github.com/pressrun/pressrun/internal/cli/diff"
	"github.com/pressrun/pressrun/internal/cli/ledger"
	"github.com/pressrun/pressrun/internal/cli/preview"
	"github.com/pressrun/pressrun/internal/cli/probe"
	"github.com/pressrun/pressrun/internal/cli/publish"
	"github.com/pressrun/pressrun/internal/cli/serve"
	"github.com/pressrun/pressrun/internal/cli/story"
)

// grammar has every command. The order is that of the help.
type grammar struct {
	Serve  serve.Command  `cmd:"" group:"run" help:"Run the server: API, pages, scheduler."`
	Demo   demo.Command   `cmd:"" group:"run" help:"Try it on this machine, with nothing to set up."`
	Action action.Command `cmd:"" group:"run" help:"What happens inside a run, as a whole or step by step."`

	Request    client.Request    `cmd:"" group:"ask" help:"Ask for a release; with --wait, follow it until it is live."`
	Reschedule client.Reschedule `cmd:"" group:"ask" help:"Put a scheduled request off to another time."`
	Withdraw   client.Withdraw   `cmd:"" group:"ask" help:"Take a scheduled request back."`
	Status     client.Status     `cmd:"" group:"ask" help:"Show how the sites stand, and what waits for what."`
	Find       client.Find       `cmd:"" group:"ask" help:"Find a page by title, address, author or number: is it live?"`
	History    client.History    `cmd:"" group:"ask" help:"List the last releases of a site."`
	Schedule   client.Schedule   `cmd:"" group:"ask" help:"Show when a site asks for releases by itself."`
	Diff       diff.Command      `cmd:"" group:"ask" help:"Compare two releases: which pages differ, and what they said."`
	Show       client.Show       `cmd:"" group:"ask" help:"Show all of a release, or what became of a request."`
	Why        story.Why         `cmd:"" group:"ask" help:"Tell the whole story of one request, in order."`
	Log        client.Log        `cmd:"" group:"ask" help:"Print the output of a release's run."`
	Events     client.Events     `cmd:"" group:"ask" help:"Print the audit trail: who did what, when and why."`

	Pause     client.Pause     `cmd:"" group:"operate" help:"Dispatch nothing more; everything is still accepted."`
	Resume    client.Resume    `cmd:"" group:"operate" help:"End a pause. A hold ends by retry."`
	Cancel    client.Cancel    `cmd:"" group:"operate" help:"Cancel the release that is under way."`
	Reset     client.Reset     `cmd:"" group:"operate" help:"Give a release up whose run is lost; the site goes Ready."`
	Retry     client.Retry     `cmd:"" group:"operate" help:"Release at once what failed, or is held."`
	Freeze    client.Freeze    `cmd:"" group:"operate" help:"Dispatch nothing from one instant to another."`
	Thaw      client.Thaw      `cmd:"" group:"operate" help:"Remove a freeze."`
	Sessions  client.Sessions  `cmd:"" group:"operate" help:"List and end sign-ins to the pages."`
	Retention client.Retention `cmd:"" group:"operate" help:"Tell how much of the past is kept, and what goes next."`
	Backup    client.Backup    `cmd:"" group:"operate" help:"Write a copy of the running app's ledger to a file."`

	Deploy     publish.Deploy     `cmd:"" group:"deploy" help:"Publish a built site; send only what changed."`
	Plan       publish.Plan       `cmd:"" group:"deploy" help:"Say what a deploy would do, for people or as a file to apply."`
	Apply      publish.Apply      `cmd:"" group:"deploy" help:"Carry out a plan as it was looked at, or not at all."`
	Commit     publish.Commit     `cmd:"" group:"deploy" help:"Put a plan in place whose parts several jobs have sent."`
	Releases   publish.Releases   `cmd:"" group:"deploy" help:"List, show and compare what was published."`
	Rollback   rollbackCmd        `cmd:"" group:"deploy" help:"Make an earlier release live again, without a build."`
	Invalidate publish.Invalidate `cmd:"" group:"deploy" help:"Purge a CDN of what releases have changed."`
	Preview    preview.Command    `cmd:"" group:"deploy" help:"Show a branch before it is the public site: make, list and remove previews."`
	CDN        publish.CDN        `cmd:"" name:"cdn" group:"deploy" help:"What a CDN needs to be set up with."`
	Audit      publish.Audit      `cmd:"" group:"deploy" help:"Find what was changed at a destination behind our back."`

	Bake    bake.Command    `cmd:"" group:"content" help:"Make static files of a live CMS, every page of it."`
	Export  copying.Export  `cmd:"" group:"content" help:"Copy a CMS's content into a folder; read only what changed."`
	Content copying.Content `cmd:"" group:"content" help:"Serve a copy of a CMS's content under the CMS's own addresses."`

	Init     serve.Init     `cmd:"" group:"setup" help:"Write a first configuration, with the first token."`
	Detect   serve.Detect   `cmd:"" group:"setup" help:"Show how a frontend is built."`
	Config   serve.Config   `cmd:"" group:"setup" help:"Check a configuration, or print its schema."`
	Token    serve.Token    `cmd:"" group:"setup" help:"Make a bearer token, or hash one."`
	Password serve.Password `cmd:"" group:"setup" help:"Make the hash of a password for a local account."`
	Ledger   ledger.Command `cmd:"" group:"setup" help:"Move a ledger from a file to PostgreSQL, or back."`
	Doctor   doctorCmd      `cmd:"" group:"setup" help:"Look whether all is well, and say what to do."`
	Health   serve.Health   `cmd:"" group:"setup" help:"Ask a server whether it is well."`
	Probe    probe.Command  `cmd:"" group:"setup" help:"Check a running app from outside: what must work, and what must be refused."`
	Hook     connect.Hook   `cmd:"" group:"setup" help:"Make, list, replace, end and try the addresses that CMSs call."`
	Notice   connect.Notice `cmd:"" group:"setup" help:"List what CMSs and other targets are told, send it again, try a target."`
	Trigger  serve.Trigger  `cmd:"" group:"setup" help:"Say which events of a CMS ask for a release."`

	Completion completionCmd `cmd:"" group:"setup" help:"Print what bash, zsh or fish complete commands with."`
	Man        manCmd        `cmd:"" group:"setup" help:"Print the manual page, or write those of all commands."`
	Version    versionCmd    `cmd:"" group:"setup" help:"Print the version."`

	RunLocal  serve.Supervise `cmd:"" group:"run" hidden:""`
	DemoBuild demo.Build      `cmd:"" group:"run" hidden:""`
	Complete  completeCmd     `cmd:"" group:"run" hidden:""`
}

var groups = []kong.Group{
	{Key: "run", Title: "Run:"},
	{Key: "ask", Title: "Ask and look:"},
	{Key: "operate", Title: "Operate:"},
	{Key: "deploy", Title: "Publish by hand:"},
	{Key: "content", Title: "Content in:"},
	{Key: "setup", Title: "Set up:"},
}

const description = `Pressrun publishes a CMS to a static site: requests become releases, releases go live whole.

A command that asks the app finds it by --app or PRESSRUN_URL, and shows who asks by the token in PRESSRUN_TOKEN or --token-file. "pressrun COMMAND --help" has an example of each.`
