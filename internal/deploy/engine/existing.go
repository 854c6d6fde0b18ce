package engine

import (
	"context"
	"crypto/md5" //nolint:gosec // G501: S3's ETags are MD5 sums; no secret rests on it
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/audit"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/listing"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// existing observes the paths whose content no manifest knows for sure.
func (c *checked) existing(ctx context.Context, stored manifest.Tree) (map[string]plan.Observed, error) {
	doubtful := c.read.known.Doubtful()
	listed := map[string]plan.Observed{}
	switch {
	case c.read.head.Live == nil:
		same, other, err := c.adoptable(ctx, stored)
		if err != nil {
			return nil, err
		}
		doubtful, listed = append(doubtful, same...), other
	case c.opts.Repair:
		drifted, err := audit.Drifted(ctx, c.dest, &c.read.known.Live, c.read.head.Store)
		if err != nil {
			return nil, err
		}
		doubtful = append(doubtful, drifted...)
	}
	seen, err := c.observe(ctx, doubtful)
	if err != nil {
		return nil, err
	}
	if c.read.head.Live == nil {
		if err := c.matchByMD5(ctx, stored, seen); err != nil {
			return nil, err
		}
	}
	maps.Copy(listed, seen) // a stat says more than a listing
	return listed, nil
}

// adoptable are the paths of the build that the destination has before its first release:
// same are those whose size fits, to be compared by content and then not sent again; other
// has the rest.
func (c *checked) adoptable(ctx context.Context, stored manifest.Tree) (same []string, other map[string]plan.Observed, err error) {
	sizes := make(map[string][2]int64, len(stored.Files))
	l := listing.Listing{Store: c.dest.Site, KnownOnly: true, Whole: !c.read.head.Store.ListsInParts()}
	for _, f := range stored.Files {
		sizes[f.Path] = [2]int64{f.Size, f.Built().Size}
		l.Known = append(l.Known, f.Path)
	}
	slices.Sort(l.Known)
	other = map[string]plan.Observed{}
	err = l.Each(ctx, func(info store.Info) error {
		either, wanted := sizes[info.Key]
		switch {
		case !wanted || manifest.Reserved(info.Key, c.dest.ReservedPrefix()):
		case slices.Contains(either[:], info.Size):
			same = append(same, info.Key)
		default:
			other[info.Key] = plan.Observed{Exists: true, Info: info}
		}
		return nil
	})
	slices.Sort(same)
	return slices.Compact(same), other, err
}

// observe stats paths.
func (d *deployment) observe(ctx context.Context, paths []string) (map[string]plan.Observed, error) {
	found, err := listing.Stat(ctx, d.dest.Site, paths, d.opts.Concurrency)
	seen := make(map[string]plan.Observed, len(paths))
	for _, path := range paths {
		info, exists := found[path]
		seen[path] = plan.Observed{Exists: exists, Info: info}
	}
	return seen, err
}

// changedByOthers are the keys of deletes whose file somebody else has changed.
func (d *deployment) changedByOthers(ctx context.Context, dels []store.Deletion) (map[string]bool, error) {
	keys := make([]string, len(dels))
	for i, del := range dels {
		keys[i] = del.Key
	}
	found, err := listing.Stat(ctx, d.dest.Site, keys, d.opts.Concurrency)
	changed := map[string]bool{}
	for _, del := range dels {
		if info, exists := found[del.Key]; exists && del.ETag != "" && info.ETag != del.ETag {
			changed[del.Key] = true
		}
	}
	return changed, err
}

// matchByMD5 compares files without a CRC with the build's by MD5, which is the ETag of an
// object that was sent in one request (S3 API reference, "Object": not of one that was sent
// in parts, or is encrypted by KMS or by the client). It sets the CRC of those that match.
func (c *checked) matchByMD5(ctx context.Context, stored manifest.Tree, seen map[string]plan.Observed) error {
	b, ok := c.build()
	if !ok {
		return nil
	}
	var mu sync.Mutex
	same := map[string]uint64{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for _, f := range stored.Files {
		s, ok := seen[f.Path]
		tag := strings.Trim(s.ETag, `"`)
		if !ok || !s.Exists || s.HasCRC || s.Size != f.Size || f.Encoding != "" || len(tag) != hex.EncodedLen(md5.Size) {
			continue
		}
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			sum, err := md5Of(b, f)
			if err != nil || sum != tag {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			same[f.Path] = f.CRC
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for path, crc := range same {
		s := seen[path]
		s.CRC, s.HasCRC = crc, true
		seen[path] = s
	}
	return nil
}

func md5Of(b *content.Build, f manifest.File) (string, error) {
	body, done, err := b.Open(&manifest.Entry{Path: f.Path, Size: f.Size, Sum: f.Sum, CRC: f.CRC})
	if err != nil {
		return "", err
	}
	defer done()
	sum := md5.New() //nolint:gosec // G401: as above
	if _, err := io.Copy(sum, body); err != nil {
		return "", fmt.Errorf("read the build: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
