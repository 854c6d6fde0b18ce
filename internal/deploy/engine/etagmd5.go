package engine

import (
	"context"
	"crypto/md5" //nolint:gosec // G501: what S3 made its ETags of; nobody's secret rests on it
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
)

// tellByMD5 finds out which files that were sent without a CRC are the build's own:
// what older tools sent in one request has its MD5 as its ETag (S3 API reference,
// "Object": not what was sent in parts or is encrypted by KMS or by the sender).
// Those are seen as if the store had told the CRC.
func (c *checked) tellByMD5(ctx context.Context, stored manifest.Tree, seen map[string]plan.Observed) error {
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
