// Package publish has the commands that publish by hand: they need no app, and
// work on a destination and its CDN.
package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// placeFlags name a destination and how to reach it.
type placeFlags struct {
	Site     string `env:"PRESSRUN_SITE" placeholder:"NAME" help:"Name of the site (${env}). A destination that holds another one is refused."`
	Endpoint string `env:"PRESSRUN_S3_ENDPOINT" placeholder:"URL" help:"Address of an S3 store that is not AWS (${env})."`
	Region   string `placeholder:"REGION" help:"Region of the bucket. Or set AWS_REGION."`
	State    string `placeholder:"ADDRESS" help:"Another s3:// address for the state, so that a public bucket holds the site alone."`
}

// open opens a destination; waiting is told when its store does not answer, nil for
// nobody.
func (f placeFlags) open(ctx context.Context, address string, waiting func(s3.Waiting)) (store.Destination, error) {
	dest, err := destination.Open(ctx, address, destination.Options{Endpoint: f.Endpoint, Region: f.Region, State: f.State, Waiting: waiting})
	if err != nil {
		return dest, exit.With(exit.Usage, err)
	}
	return dest, nil
}

// publishFlags are those of commands that change a live site.
type publishFlags struct {
	Allow  guardNames `placeholder:"GUARD" help:"Guards that are let pass this once, by name."`
	DryRun bool       `help:"Say what would be done, and change nothing."`
	NoWait bool       `help:"Give up at once when another deploy holds the destination."`
	progressFlags
}

// guardNames are guards that are let pass.
type guardNames []string

// Validate refuses a name that is none before anything is read: mistyped, it would
// let nothing pass.
func (names guardNames) Validate() error {
	for _, name := range names {
		if !slices.Contains(guard.Names(), name) {
			return fmt.Errorf("%q is no guard: expected one of %s", name, strings.Join(guard.Names(), ", "))
		}
	}
	return nil
}

// options are those of the engine, and what ends the progress that it tells.
func (f publishFlags) options(t *terminal.Terminal, site string, out terminal.OutputFlags) (engine.Options, func()) {
	tell, end := f.reporter(t, out.JSON)
	o := engine.Options{Site: site, Allow: f.Allow, DryRun: f.DryRun, Now: t.Now, Progress: tell}
	if f.NoWait {
		o.LockWait = -1
	}
	return o, end
}

// Deploy publishes a built site.
type Deploy struct {
	placeFlags
	publishFlags
	terminal.OutputFlags
	buildFlags
	edgeFlags
}

// buildFlags name a build and how it is to be served.
type buildFlags struct {
	Dir     string `arg:"" help:"Folder of the built site."`
	To      string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
	Release int64  `placeholder:"N" help:"Number of the release (default: counts on)."`
	Commit  string `placeholder:"SHA" help:"The build's source commit, for people."`
	Repair  bool   `help:"Also list the destination, as pressrun audit does, and send again what is missing there; with --allow foreign-files also what others changed."`
	AtOnce  int    `name:"concurrency" placeholder:"N" help:"Uploads at once (default 128)."`
	Rules   string `placeholder:"FILE" help:"JSON file with rules of headers and compression: {\"headers\": [{\"match\": \"**/*.pdf\", \"set\": {\"cache-control\": \"no-store\"}}], \"compress\": [{\"match\": \"**\", \"encoding\": \"gzip\"}]}."`
}

// Help has the examples.
func (Deploy) Help() string {
	return `Sends what changed, and only that: assets first, then files, pages, and the
pages that lead to them; what is gone is deleted last. Only content counts, never
a file's time. A deploy that dies is finished by the next one.

Examples:

  pressrun deploy dist s3://www.example.org
  pressrun deploy dist s3://site/www --endpoint http://127.0.0.1:7070 --dry-run
  pressrun deploy dist file:///srv/www --allow vanished-pages
  pressrun deploy dist s3://www.example.org --cdn cloudfront:E1A2B3C4D5

Exit code 10: the release is live, and the CDN was not told or not all of it.`
}

// Run deploys a folder.
func (c *Deploy) Run(ctx context.Context, t *terminal.Terminal) error {
	dest, err := c.openBuild(ctx, c.placeFlags, c.waiting(t))
	if err != nil {
		return err
	}
	opts, end := c.options(t, c.Site, c.OutputFlags)
	if err := c.apply(&opts); err != nil {
		return err
	}
	edge, err := c.edgeFlags.open(ctx, dest, &opts)
	if err != nil {
		return err
	}
	result, err := engine.Run(ctx, dest, opts)
	end()
	return tellPublished(ctx, c.Printer(t), result, err, edge)
}

// openBuild opens where a build goes to, and makes sure that there is one.
func (f buildFlags) openBuild(ctx context.Context, place placeFlags, waiting func(s3.Waiting)) (store.Destination, error) {
	if strings.HasPrefix(f.Dir, "s3://") || strings.HasPrefix(f.Dir, "file://") {
		return store.Destination{}, exit.With(exit.Usage, fmt.Errorf("%s is no folder of a built site: give the folder first and the destination after it", f.Dir))
	}
	switch info, err := os.Stat(f.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		return store.Destination{}, exit.With(exit.Usage, fmt.Errorf("the build's folder %s does not exist: build the site first, or check the name", f.Dir))
	case err == nil && !info.IsDir():
		return store.Destination{}, exit.With(exit.Usage, fmt.Errorf("%s is a file: give the folder of the built site", f.Dir))
	}
	if err := apart(f.Dir, f.To); err != nil {
		return store.Destination{}, exit.With(exit.Usage, err)
	}
	return place.open(ctx, f.To, waiting)
}

// maxAtOnce is far above what any store was seen to take from one machine.
const maxAtOnce = 4096

func (f buildFlags) apply(o *engine.Options) error {
	if f.AtOnce < 0 || f.AtOnce > maxAtOnce {
		return exit.With(exit.Usage, fmt.Errorf("--concurrency is 1 to %d, or 0 for the default, not %d", maxAtOnce, f.AtOnce))
	}
	rules, err := engine.ReadRules(f.Rules)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	o.Source, o.Release, o.Commit, o.Concurrency, o.Rules, o.Repair = f.Dir, f.Release, f.Commit, f.AtOnce, rules, f.Repair
	return nil
}

// tellDeploy prints what a deploy did, and gives its error the exit code.
func tellDeploy(p *terminal.Printer, r deploy.Result, err error) error {
	if err != nil && !r.Live {
		return deployError(err)
	}
	if err != nil {
		r.Warnings = append(r.Warnings, err.Error())
	}
	if p.JSON {
		return p.Document(r)
	}
	what := fmt.Sprintf("release %d is live at %s", r.Release, r.Destination)
	if r.AlreadyLive {
		what += " already, nothing was done"
	}
	if r.DryRun {
		what = fmt.Sprintf("dry run: release %d would go to %s", r.Release, r.Destination)
	}
	rows := terminal.Fields{}
	inPast := func(done, planned string) string {
		if r.DryRun {
			return planned
		}
		return done
	}
	if written := r.Counts.New + r.Counts.Content; written > 0 && r.Uploaded == 0 { // rollback, commit
		rows.Add(inPast("copied", "to copy"), fmt.Sprintf("%s within the store (%d new, %d changed)", terminal.Plural(int64(written), "file"), r.Counts.New, r.Counts.Content))
	} else {
		rows.Add(inPast("sent", "to send"), fmt.Sprintf("%s, %s (%d new, %d changed)", terminal.Plural(int64(r.Uploaded), "file"), terminal.Size(r.UploadedBytes), r.Counts.New, r.Counts.Content))
	}
	if z := r.Compressed; z != nil {
		rows.Add("compressed", fmt.Sprintf("%s, %s as %s", terminal.Plural(int64(z.Files), "file"), terminal.Size(z.Built), terminal.Size(z.Stored)))
	}
	rows.Add("headers only", countOf(r.Counts.Headers))
	rows.Add(inPast("deleted", "to delete"), countOf(r.Deleted))
	rows.Add("kept for a while", countOf(r.Counts.Retired))
	rows.Add("unchanged", countOf(r.Counts.Unchanged))
	if s := r.Redirects; s != nil && !s.Empty() {
		rows.Add("redirect store", fmt.Sprintf("%d put, %d deleted", len(s.Put), len(s.Delete)))
	}
	rows.Add("requests", fmt.Sprint(r.Requests))
	if r.DryRun {
		text := fmt.Sprintf("about %d", r.Forecast.Requests)
		if strings.HasPrefix(r.Destination, "s3://") {
			text += fmt.Sprintf(", for %s on S3", dollarsOf(r.Forecast.Dollars))
		}
		rows[len(rows)-1] = []string{"requests", text}
	} else {
		rows.Add("took", fmt.Sprintf("%.1fs", r.Seconds))
	}
	if l := r.LostLinks; l != nil {
		rows.Add("dead links", fmt.Sprintf("%s: %s", l, strings.Join(l.Examples[:min(len(l.Examples), 3)], ", ")))
	}
	for _, v := range r.Violations {
		rows.Add("let pass", v.Name+": "+v.Detail)
	}
	for _, n := range r.Notes {
		rows.Add("note", n)
	}
	for _, w := range r.Warnings {
		rows.Add("warning", w)
	}
	if _, err := fmt.Fprintln(p.Out, terminal.OneLine(what)); err != nil {
		return err
	}
	return p.Table(rows)
}

// deployError gives an error of the engine its exit code.
func deployError(err error) error {
	if _, ok := errors.AsType[*guard.Error](err); ok {
		return exit.With(exit.Refused, err)
	}
	if _, ok := errors.AsType[*manifest.LockedError](err); ok || errors.Is(err, manifest.ErrLeaseLost) || errors.Is(err, engine.ErrPlanMoved) || errors.Is(err, engine.ErrShardMissing) {
		return exit.With(exit.Conflict, err)
	}
	return err
}

func countOf(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// bytesOf writes a size as people say it.
func Size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

// dollarsOf writes a price, of which a small one is not nothing.
func dollarsOf(n float64) string {
	if n > 0 && n < 0.0001 {
		return "less than $0.0001"
	}
	return fmt.Sprintf("$%.4f", n)
}
