package copying

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/job"
	"github.com/pressrun/pressrun/internal/text"
)

// Export copies a CMS's content into a folder.
type Export struct {
	sourceFlags
	Dir      string     `arg:"" type:"path" help:"Folder of the copy. What changed since its last snapshot is read."`
	Types    []string   `placeholder:"TYPE" help:"Copy these types only (default: all that the CMS lists)."`
	Full     bool       `help:"Read everything anew."`
	DryRun   bool       `help:"Say what would be read, and write nothing."`
	Tar      string     `type:"path" placeholder:"FILE" help:"Also write the snapshot as a tar file; gzipped where the name ends with gz."`
	Requests string     `type:"path" env:"PRESSRUN_REQUESTS_FILE" placeholder:"FILE" help:"The requests that the release serves, as a run has them (${env}): what they name is read again."`
	Allow    guardNames `placeholder:"GUARD" help:"Guards that are let pass this once, by name: ${guards}."`
	AtOnce   int        `placeholder:"N" help:"Requests under way at most (default 16; it begins with 4, and gives way when the CMS becomes slow)."`
	progressFlags
	terminal.OutputFlags
}

// guardNames are guards that are let pass.
type guardNames []string

// Validate refuses a name that is none before anything is read.
func (names guardNames) Validate() error {
	for _, name := range names {
		if !slices.Contains(export.Guards(), name) {
			return fmt.Errorf("%q is no guard: expected one of %s", name, strings.Join(export.Guards(), ", "))
		}
	}
	return nil
}

// Help has the examples.
func (Export) Help() string {
	return `Copies the content of a CMS into a folder, as its API gives it: a file a record,
in DIR/current. The first time all is read, afterwards what changed. Records that
were deleted go. The copy is checked before it takes the place of the last one: a
list that ends early, or a type that lost much, stops it (exit code 9).
An export that was killed goes on where it was, when it is started again.
The credential comes from PRESSRUN_CONTENT_TOKEN or --token-file, and goes to the
CMS alone. WordPress and Drupal take USER:PASSWORD, all take a token.

Examples:

  pressrun export https://cms.example.gov content --kind wordpress
  pressrun export https://cms.example.gov content --kind drupal --types node--article,node--page
  pressrun export cms.yaml content --tar content.tar.gz
  pressrun export https://cms.example.gov content --kind wordpress --dry-run`
}

// Run copies.
func (c *Export) Run(ctx context.Context, t *terminal.Terminal) error {
	if c.AtOnce < 0 || c.AtOnce > 64 {
		return exit.With(exit.Usage, fmt.Errorf("--at-once is 1 to 64, or 0 for the default, not %d", c.AtOnce))
	}
	s, err := c.settings()
	if err != nil {
		return err
	}
	if len(c.Types) > 0 {
		s.Types = c.Types
	}
	named, err := job.Hints(c.Requests)
	if err != nil {
		return usage(err)
	}
	plan, client, err := c.plan(ctx, t, s, c.Dir, c.AtOnce)
	if err != nil {
		return err
	}
	defer client.Close()
	plan.Full, plan.Hints, plan.Allow = c.Full, named, c.Allow
	p := c.Printer(t)
	if c.DryRun {
		estimate, err := export.DryRun(ctx, plan)
		if err != nil {
			return inCode(err)
		}
		return printEstimate(p, estimate)
	}
	tell, end := c.reporter(t, c.JSON)
	plan.Tell = tell
	r, err := export.Run(ctx, plan)
	end()
	if err != nil {
		return inCode(err)
	}
	if err := c.writeTar(r.Snapshot); err != nil {
		return err
	}
	document := exportDocument{Report: r, Tar: c.Tar}
	document.Requests, document.Bytes, document.Again = client.Figures()
	return printExport(p, document)
}

func (c *Export) writeTar(id string) error {
	if c.Tar == "" {
		return nil
	}
	_, s, err := archive.Read(c.Dir)
	if err != nil {
		return err
	}
	if s.ID != id {
		return fmt.Errorf("write %s: another export has taken the place of snapshot %s meanwhile", c.Tar, id)
	}
	return archive.WriteTar(c.Dir, s, c.Tar)
}

// exportDocument is the output of `export --json`.
type exportDocument struct {
	export.Report
	Tar string `json:"tar,omitempty"`
	// Requests were sent, of which Again for answers that failed; Bytes were read,
	// unpacked.
	Requests int64 `json:"requests"`
	Again    int64 `json:"again"`
	Bytes    int64 `json:"bytes"`
}

func printExport(p *terminal.Printer, d exportDocument) error {
	if p.JSON {
		return p.Document(d)
	}
	what := fmt.Sprintf("%s: %d added, %d changed, %d removed", text.Plural(d.Records, "record", "records"), d.Added, d.Changed, d.Removed)
	if d.Unchanged {
		what = text.Count(d.Records, "record") + ": nothing has changed"
	}
	how := "what changed was read"
	if d.Full {
		how = "everything was read: " + d.WhyFull
	}
	if d.Resumed > 0 {
		how += fmt.Sprintf("; %s were there from an export that was cut off", text.Count(d.Resumed, "answer"))
	}
	rows := terminal.Fields{
		{"content", what},
		{"snapshot", d.Snapshot},
		{"in", d.Folder},
		{"watermark", p.At(d.Watermark) + clockWords(d.OwnClock)},
		{"consistency", d.Consistency.InWords()},
		{"how", how},
		{"asked", fmt.Sprintf("%s, %s, in %.1f s", text.Count(d.Requests, "request"), text.Bytes(d.Bytes), d.Seconds)},
	}
	if d.Again > 0 {
		rows = append(rows, []string{"asked again", text.Count(d.Again, "time")})
	}
	if d.UnresolvedTotal > 0 {
		rows = append(rows, []string{"unresolved", fmt.Sprintf("%s to records that are not public or not there, such as %s", text.Count(d.UnresolvedTotal, "reference"), strings.Join(d.Unresolved[:min(3, len(d.Unresolved))], ", "))})
	}
	if d.Tar != "" {
		rows = append(rows, []string{"tar", d.Tar})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Types)) {
		rows = append(rows, []string{"  " + name, text.Number(d.Types[name])})
	}
	return p.Fields(rows)
}

func clockWords(own bool) string {
	if own {
		return " (by this machine's clock: the CMS tells no time)"
	}
	return ""
}

func printEstimate(p *terminal.Printer, e export.Estimate) error {
	if p.JSON {
		return p.Document(e)
	}
	how := "dry run: what changed since snapshot " + e.Snapshot + " would be read"
	if e.Full {
		how = "dry run: everything would be read: " + e.WhyFull
	}
	if _, err := fmt.Fprintln(p.Out, how); err != nil {
		return err
	}
	rows := [][]string{{"TYPE", "IN THE CMS", "IN THE COPY", "CHANGES ARE FOUND BY"}}
	for _, t := range e.Types {
		has, by := "not told", "reading all"
		if t.Records >= 0 {
			has = text.Number(t.Records)
		}
		if t.ByStamp {
			by = "ids and stamps"
		}
		rows = append(rows, []string{t.Type, has, text.Number(t.Kept), by})
	}
	return p.Table(rows)
}
