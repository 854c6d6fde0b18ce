// Package console has the output of a run for people: the log, the note for heartbeats, and
// the secrets that are kept out of both.
package console

import (
	"fmt"
	"io"
	"sync"

	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/redact"
)

// Streams are the outputs of a run: Out for the build's output, or the result with --json;
// Err for the run's own log.
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

// New is the console of a run. With json, standard output has the result alone.
func New(std Streams, json bool) *Console {
	c := &Console{Out: &lockedWriter{to: std.Out}, err: &lockedWriter{to: std.Err}}
	if json {
		c.Out = c.err
	}
	return c
}

// Say writes a line to the log. Text from elsewhere becomes one harmless line: GitHub obeys
// a line that begins with "::" as a command.
func (c *Console) Say(format string, args ...any) {
	fmt.Fprintln(c.err, "pressrun: "+workflow.Line(c.Hide(fmt.Sprintf(format, args...))))
}

// Does sets the note for heartbeats: what the run is doing.
func (c *Console) Does(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doing = what
}

// Doing is the note for heartbeats.
func (c *Console) Doing() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doing
}

// Allow keeps words visible, such as the site's name, even if a secret is the same.
func (c *Console) Allow(names ...string) { c.secrets.Allow(names...) }

// Conceal has Hide remove secrets from now on, in every form.
func (c *Console) Conceal(secrets ...string) { c.secrets.Add(secrets...) }

// Secrets are the concealed secrets that are long enough to be found in a text.
func (c *Console) Secrets() []string { return c.secrets.Known() }

// Hide removes credentials from text that others will see: this run's, those in its
// commands' environment, and texts that look like one.
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
