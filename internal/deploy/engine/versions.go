package engine

import (
	"github.com/pressrun/pressrun/internal/deploy"
)

// note takes down how the store keeps what was just written.
func (d *run) note(entry *deploy.Entry, written deploy.Written) {
	entry.ETag = written.ETag
	if d.versioned {
		entry.Version = written.Version
	}
}
