package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// askVersions finds out, before the first write, whether the site's store keeps
// what is overwritten. Where it doesn't, can't be asked or doesn't let its versions
// be read, content is kept by copies: that never fails a deploy.
func (d *run) askVersions(ctx context.Context) error {
	st, ok := d.dest.Site.(store.Versioner)
	if !ok || d.opts.KeepReleases < 0 {
		return nil
	}
	on, err := st.Versioned(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && d.head.ETag == "" { // said once, at the first deploy
		d.remark("whether the bucket keeps versions could not be found out (%v): what releases replace is kept by copies", err)
	}
	if one, ok := d.oneVersion(); ok && on {
		_, err := st.StatVersion(ctx, one.Path, one.Version)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			on = false
			d.remark("the bucket keeps versions, and they can't be read (s3:GetObjectVersion is needed: %v): what releases replace is kept by copies", err)
		}
	}
	// Where versioning is suspended, stores disagree about the versions from before:
	// versitygw 1.8 no longer finds them once something is written over them.
	d.versioned, d.copyAll = on, !on
	return nil
}

// deleted tells whether a key holds the mark of a delete alone, which versitygw 1.8
// takes for a file when it writes as new.
func (d *run) deleted(ctx context.Context, path string) bool {
	_, err := d.dest.Site.Get(ctx, path)
	return errors.Is(err, store.ErrDeleted)
}

// oneVersion is any file that the plan replaces without a copy.
func (d *run) oneVersion() (manifest.Entry, bool) {
	for _, e := range d.plan.Replaced(&d.base.Live, false) {
		if e.Version != "" {
			return e, true
		}
	}
	return manifest.Entry{}, false
}

// note takes down how the store keeps what was just written.
func (d *run) note(entry *manifest.Entry, written store.Written) {
	entry.ETag = written.ETag
	// "null" is what S3 calls the version that the next write replaces.
	if d.versioned && written.Version != "null" {
		entry.Version = written.Version
	}
}

func (d *run) remark(format string, args ...any) {
	d.result.Notes = append(d.result.Notes, fmt.Sprintf(format, args...))
}
