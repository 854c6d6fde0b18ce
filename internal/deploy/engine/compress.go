package engine

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/precompress"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// compress settles how each file is stored. One that the live release holds as the
// rules want it is known by what it was built from: only the others are compressed.
func (d *run) compress(ctx context.Context) error {
	d.stored = d.tree
	b, ok := d.from.(build)
	if !ok || len(d.opts.Rules.Compress) == 0 {
		return nil
	}
	if d.folder() {
		if !slices.Contains(d.result.Warnings, notInAFolder) {
			d.warn(notInAFolder)
		}
		return nil
	}
	d.stored.Files = slices.Clone(d.tree.Files)
	var todo []int
	for i := range d.stored.Files {
		f := &d.stored.Files[i]
		encoding, err := d.opts.Rules.EncodingFor(f.Path)
		if err != nil {
			return err
		}
		if encoding == "" || f.Redirect {
			continue
		}
		live, _ := d.base.Live.Find(f.Path)
		if *f, ok = f.As(live, encoding); !ok {
			todo = append(todo, i)
		}
	}
	var bytes int64
	err := d.timed("compress", func() (err error) {
		bytes, err = d.pack(ctx, b.packs, todo)
		return err
	})
	last := &d.result.Phases[len(d.result.Phases)-1]
	last.Files, last.Bytes = len(todo), bytes
	return err
}

const notInAFolder = "the compress rules are not carried out: a folder keeps no headers, so its web server has to compress"

// pack compresses files of the tree, and tells how many bytes they have.
func (d *run) pack(ctx context.Context, packs *precompress.Packer, todo []int) (int64, error) {
	p := packing{opts: &d.opts, event: deploy.Event{Phase: "compressing", Total: len(todo)}, began: d.began, told: time.Now()}
	for _, i := range todo {
		p.event.TotalBytes += d.stored.Files[i].Size
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range todo {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			f := &d.stored.Files[i]
			packed, err := packs.Pack(*f)
			p.add(f.Size)
			*f = packed
			return err
		})
	}
	err := group.Wait()
	if err == nil && len(todo) > 0 {
		p.tell()
	}
	return p.event.TotalBytes, err
}

// repack compresses what the plan sends again though its content is known: a
// header is taken away, or the file is not as it was left. A newer compressor may
// make other bytes of it, and the plan must be of those.
func (d *run) repack(ctx context.Context) error {
	b, ok := d.from.(build)
	if !ok {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, phase := range d.plan.Phases {
		for _, w := range phase.Writes {
			if !w.Sends() {
				continue
			}
			entry := &d.plan.Next.Entries[w.Index]
			if !entry.Compressed() {
				continue
			}
			group.Go(func() error {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				return b.repack(entry)
			})
		}
	}
	return group.Wait()
}

// repack makes sure that there is content for an entry that is stored compressed,
// and that the entry describes it.
func (b build) repack(entry *manifest.Entry) error {
	if !entry.Compressed() {
		return nil
	}
	packed, err := b.packs.Pack(manifest.File{Path: entry.Path, Size: entry.Origin.Size, Sum: entry.Origin.Sum})
	if err != nil {
		return err
	}
	if packed.Encoding == "" {
		return fmt.Errorf("compress %s: it became no smaller, as it did for the release before: give it a rule with the encoding none", entry.Path)
	}
	if entry.Sum != packed.Sum { // as a rule it has been done, and a write that is sent twice reads the entry twice at once
		entry.Size, entry.Sum, entry.CRC = packed.Size, packed.Sum, packed.CRC
	}
	return nil
}

// tellCompressed counts what a release holds compressed.
func (d *run) tellCompressed() {
	c := &deploy.Compressed{}
	for i := range d.plan.Next.Entries {
		if e := &d.plan.Next.Entries[i]; e.Compressed() {
			c.Files++
			c.Built += e.Origin.Size
			c.Stored += e.Size
		}
	}
	d.result.Compressed = nil
	if c.Files > 0 {
		d.result.Compressed = c
	}
}

// folder tells whether the destination keeps no headers: only a folder stages a
// whole release, and only a folder keeps none.
func (d *run) folder() bool {
	_, ok := d.dest.Site.(store.Stager)
	return ok
}

// packing tells of what is compressed. Its bytes are not sent, and so count in no
// rate.
type packing struct {
	mu    sync.Mutex
	opts  *Options
	event deploy.Event
	began time.Time
	told  time.Time
}

func (p *packing) add(size int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.event.Done++
	p.event.Bytes += size
	if time.Since(p.told) >= tellEvery {
		p.told = time.Now()
		p.tell()
	}
}

func (p *packing) tell() {
	p.event.Elapsed = p.opts.Now().Sub(p.began)
	p.opts.Progress(p.event)
}
