// Package console is how a run speaks to people: what it says in the log, what it
// is doing just now, and the secrets that nobody is to read in either.
package console

import (
	"fmt"
	"io"
	"sync"

	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/redact"
)

// Streams are where a run writes: Out for the build's output, or the result
// with --json; Err for what the run itself says.
type Streams struct{ Out, Err io.Writer }

// Console is safe for concurrent use: heartbeats and the build's output come from
// goroutines of their own.
type Console struct {
	// Out takes the output of the site's own commands.
	Out io.Writer
	err io.Writer

	mu    sync.Mutex
	doing string

	secrets redact.Redactor
}

// New is the console of a run. With json, standard output is the result's alone.
func New(std Streams, json bool) *Console {
	c := &Console{Out: &lockedWriter{to: std.Out}, err: &lockedWriter{to: std.Err}}
	if json {
		c.Out = c.err
	}
	return c
}

// Say tells a person what goes on. Text from elsewhere is made one harmless
// line: GitHub takes a line that begins with "::" for a command.
func (c *Console) Say(format string, args ...any) {
	fmt.Fprintln(c.err, "pressrun: "+workflow.Line(c.Hide(fmt.Sprintf(format, args...))))
}

// Does notes what the run is doing, for its heartbeats.
func (c *Console) Does(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doing = what
}

// Doing is what the run is doing.
func (c *Console) Doing() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doing
}

// Allow has the site's own words stay, although a secret may be the same.
func (c *Console) Allow(names ...string) { c.secrets.Allow(names...) }

// Conceal has Hide take secrets out from now on, whichever form they are printed in.
func (c *Console) Conceal(secrets ...string) { c.secrets.Add(secrets...) }

// Secrets are those that were concealed and are long enough to be looked for.
func (c *Console) Secrets() []string { return c.secrets.Known() }

// Hide takes credentials out of text that others will see: this run's, those
// that its commands were given, and what looks like one.
func (c *Console) Hide(text string) string { return c.secrets.Text(text) }

// lockedWriter lets several goroutines write.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}
