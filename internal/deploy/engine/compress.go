package engine

import (
	"context"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// compress compresses the files that the rules name, except those of which the live
// release has the same file in the same encoding.
func (c *checked) compress(ctx context.Context) (stored manifest.Tree, err error) {
	stored = c.read.tree
	b, ok := c.build()
	if !ok || len(c.read.rules.Compress) == 0 {
		return stored, nil
	}
	if c.folder() {
		c.warnOnce("the compress rules are ignored: a folder keeps no headers, so its web server has to compress")
		return stored, nil
	}
	stored.Files = slices.Clone(stored.Files)
	var todo []*manifest.File
	for i := range stored.Files {
		f := &stored.Files[i]
		encoding, err := c.read.rules.EncodingFor(f.Path)
		if err != nil {
			return stored, err
		}
		if encoding == "" || f.Redirect {
			continue
		}
		live, _ := c.read.known.Live.Find(f.Path)
		if *f, ok = f.StoredLike(live, encoding); !ok {
			todo = append(todo, f)
		}
	}
	began := c.now()
	bytes, err := c.compressAll(ctx, b, todo)
	c.phase("compress", began, len(todo), bytes)
	return stored, err
}

// compressAll compresses files in place, and returns the number of bytes that they had.
func (c *checked) compressAll(ctx context.Context, b *content.Build, files []*manifest.File) (int64, error) {
	p := &progress{report: c.report, event: deploy.Event{Phase: "compressing", Total: len(files)}, emitted: c.now()}
	for _, f := range files {
		p.event.TotalBytes += f.Size
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			packed, err := b.Compress(*f)
			p.add(f.Size, true)
			*f = packed
			return err
		})
	}
	err := group.Wait()
	p.last(err == nil && len(files) > 0)
	return p.event.TotalBytes, err
}

// recompress compresses the files that the plan sends again although their content is
// known, since a header goes away or somebody changed them. Another version of the
// compressor may make other bytes, which the plan must then name.
func (p *planned) recompress(ctx context.Context) error {
	b, ok := p.build()
	if !ok {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for w := range p.plan.AllWrites() {
		if !w.Sends() {
			continue
		}
		entry := &p.plan.Next.Entries[w.Index]
		if !entry.Compressed() {
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return b.Recompress(entry)
		})
	}
	return group.Wait()
}

// countCompressed puts the counts of compressed files into the result.
func (p *planned) countCompressed() {
	c := &deploy.Compressed{}
	for i := range p.plan.Next.Entries {
		if e := &p.plan.Next.Entries[i]; e.Compressed() {
			c.Files++
			c.Built += e.Origin.Size
			c.Stored += e.Size
		}
	}
	p.result.Compressed = nil
	if c.Files > 0 {
		p.result.Compressed = c
	}
}
