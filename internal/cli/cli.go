package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/action"
)

// cli is the program's grammar. The order is that of the help.
type cli struct {
	Serve  serveCmd       `cmd:"" group:"run" help:"Run the server: the API, the editors' pages, the desk that dispatches releases."`
	Demo   demoCmd        `cmd:"" group:"run" help:"Try it: a CMS, a site and its releases, on this machine, with nothing to set up."`
	Action action.Command `cmd:"" group:"run" help:"What happens inside a run, as a whole or step by step."`

	Request requestCmd `cmd:"" group:"ask" help:"Ask for a release; with --wait, follow it until it is live."`
	Status  statusCmd  `cmd:"" group:"ask" help:"Show how the sites stand, and what waits for what."`
	History historyCmd `cmd:"" group:"ask" help:"List the last releases of a site."`
	Show    showCmd    `cmd:"" group:"ask" help:"Show all of a release, or what became of a request."`
	Log     logCmd     `cmd:"" group:"ask" help:"Print the output of a release's run."`
	Events  eventsCmd  `cmd:"" group:"ask" help:"Print the audit trail: who did what, when and why."`

	Pause  pauseCmd  `cmd:"" group:"operate" help:"Dispatch nothing more; everything is still accepted."`
	Resume resumeCmd `cmd:"" group:"operate" help:"End a pause. A hold ends by retry."`
	Cancel cancelCmd `cmd:"" group:"operate" help:"Cancel the release that is under way."`
	Reset  resetCmd  `cmd:"" group:"operate" help:"Give a release up whose run is lost; the site goes Ready."`
	Retry  retryCmd  `cmd:"" group:"operate" help:"Release at once what failed, or is held."`
	Freeze freezeCmd `cmd:"" group:"operate" help:"Dispatch nothing from one instant to another."`
	Thaw   thawCmd   `cmd:"" group:"operate" help:"Remove a freeze."`
	Backup backupCmd `cmd:"" group:"operate" help:"Write a copy of the running app's ledger to a file."`

	Deploy     deployCmd     `cmd:"" group:"deploy" help:"Publish a built site to S3 or a folder; only what changed."`
	Plan       planCmd       `cmd:"" group:"deploy" help:"Say what a deploy would do, for people or as a file to apply."`
	Apply      applyCmd      `cmd:"" group:"deploy" help:"Carry out a plan as it was looked at, or not at all."`
	Commit     commitCmd     `cmd:"" group:"deploy" help:"Put a plan in place whose parts several jobs have sent."`
	Releases   releasesCmd   `cmd:"" group:"deploy" help:"List what was published to a destination, show a release, or compare two."`
	Rollback   rollbackCmd   `cmd:"" group:"deploy" help:"Make an earlier release live again, without a build."`
	Invalidate invalidateCmd `cmd:"" group:"deploy" help:"Make a CDN forget what changed, and only that."`
	CDN        cdnCmd        `cmd:"" name:"cdn" group:"deploy" help:"What a CDN needs to be set up with."`
	Audit      auditCmd      `cmd:"" group:"deploy" help:"Find what was changed at a destination behind our back."`

	Config  configCmd  `cmd:"" group:"setup" help:"Check a configuration, or print its schema."`
	Token   tokenCmd   `cmd:"" group:"setup" help:"Make a bearer token, or hash one."`
	Doctor  doctorCmd  `cmd:"" group:"setup" help:"Look whether all is well between the app and GitHub, and what to do."`
	Health  healthCmd  `cmd:"" group:"setup" help:"Ask a server whether it is well, as a container's health check does."`
	Version versionCmd `cmd:"" group:"setup" help:"Print the version."`

	RunLocal  runLocalCmd  `cmd:"" group:"run" hidden:""`
	DemoBuild demoBuildCmd `cmd:"" group:"run" hidden:""`
}

var groups = []kong.Group{
	{Key: "run", Title: "Run:"},
	{Key: "ask", Title: "Ask and look:"},
	{Key: "operate", Title: "Operate:"},
	{Key: "deploy", Title: "Publish by hand:"},
	{Key: "setup", Title: "Set up:"},
}

const description = `Pressrun publishes a CMS to a static site: requests become releases, releases go live whole.

A command that asks the app finds it by --app or PRESSRUN_URL, and shows who asks by the token in PRESSRUN_TOKEN or --token-file. "pressrun COMMAND --help" has an example of each.`

// helped ends the parsing once help has been printed.
type helped struct{ code int }

// execute parses a command line and runs its command.
func execute(ctx context.Context, args []string, t *terminal) (err error) {
	defer func() {
		if h, ok := recover().(helped); ok {
			err = nil
			if h.code != 0 {
				err = withCode(h.code, errors.New("the help could not be printed"))
			}
		}
	}()
	parser, err := newParser(ctx, t)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	args = withoutDeploy(args)
	command, err := parser.Parse(args)
	if err != nil {
		return err
	}
	saveMemory(command.Command())
	err = command.Run()
	if strings.HasPrefix(command.Command(), "action ") {
		return ofAction(err)
	}
	return err
}

// withoutDeploy lets "pressrun deploy audit" be "pressrun audit", and so on: they
// belong together. A build in a folder of such a name is written ./audit.
func withoutDeploy(args []string) []string {
	if len(args) > 1 && args[0] == "deploy" && slices.Contains([]string{"plan", "apply", "commit", "audit"}, args[1]) {
		return args[1:]
	}
	return args
}

func newParser(ctx context.Context, t *terminal) (*kong.Kong, error) {
	parser, err := kong.New(&cli{},
		kong.Name("pressrun"),
		kong.Description(description),
		kong.Writers(t.out, t.err),
		kong.Exit(func(code int) { panic(helped{code}) }),
		kong.ExplicitGroups(groups),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Help(printHelp),
		kong.Bind(t, streams(t)),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.NamedMapper("instant", instantMapper(t)),
	)
	if err != nil {
		return nil, fmt.Errorf("the command line's own grammar is wrong: %w", err)
	}
	return parser, nil
}

// printHelp is kong's help; that of the program as a whole ends with the exit
// codes.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if ctx.Selected() != nil {
		return nil
	}
	_, err := fmt.Fprintf(ctx.Stdout, "\n%s\n", exitTable)
	return err
}

// instantMapper reads an instant of the command line: RFC 3339, a local date
// and time, or a span from now.
func instantMapper(t *terminal) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto("time", &text); err != nil {
			return err
		}
		at, err := parseInstant(text, t.now(), t.local)
		if err != nil {
			return err
		}
		target.Set(reflect.ValueOf(&at))
		return nil
	}
}
