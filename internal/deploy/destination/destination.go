// Package destination opens the stores at a destination's address.
package destination

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/dir"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// DefaultStatePrefix is the prefix of the state in the site's own bucket.
const DefaultStatePrefix = ".pressrun/"

// Options of a destination; zero values are the defaults.
type Options struct {
	Endpoint string // URL of an S3 store other than AWS, addressed by path
	Region   string // S3 region; else AWS_REGION, else us-east-1 where an endpoint is given
	// AccessKey and SecretKey; else the AWS environment, profile or role.
	AccessKey, SecretKey string
	// StatePrefix is the folder of the state inside the bucket; default ".pressrun/".
	StatePrefix string
	// State is another address (s3://bucket/prefix) for the state, so that a public bucket
	// has the site alone. It excludes StatePrefix.
	State string
	// MaxConnections bounds open connections to S3; default 256.
	MaxConnections int
	MaxAttempts    int // of one S3 request; default 8
	// StallTimeout is how long a connection to S3 may do nothing in the middle of
	// a request; default 60 s.
	StallTimeout time.Duration
	// Waiting is called once each time that an S3 store does not answer for some seconds.
	Waiting func(s3.Waiting)
}

// Open opens s3://bucket[/prefix] or file:///absolute/folder. Nothing is sent or
// created yet.
func Open(ctx context.Context, address string, o Options) (store.Destination, error) {
	u, err := url.Parse(address)
	if err != nil {
		return store.Destination{}, fmt.Errorf("the destination %q is not an address: %w", address, err)
	}
	switch u.Scheme {
	case "file":
		if u.Opaque != "" {
			return store.Destination{}, notAnAddress(address, u.Opaque)
		}
		if u.Host != "" {
			return store.Destination{}, fmt.Errorf("the destination %q names a host: write file:///absolute/folder, with three slashes", address)
		}
		if o.State != "" {
			return store.Destination{}, fmt.Errorf("a state address is for s3:// destinations only: the state of a folder is beside it")
		}
		site, state, err := dir.Open(filepath.FromSlash(u.Path))
		if err != nil {
			return store.Destination{}, err
		}
		return store.Destination{Site: site, State: state, KeptPrefix: dir.KeptPrefix}, nil
	case "s3":
		return openS3(ctx, address, o)
	}
	return store.Destination{}, notAnAddress(address, address)
}

// notAnAddress is the error for a wrong address; if that looks like the path of a folder,
// it says how to write the folder's address.
func notAnAddress(address, folder string) error {
	err := fmt.Errorf("the destination %q is neither s3://BUCKET[/PREFIX] nor file:///ABSOLUTE/FOLDER", address)
	if strings.Contains(folder, ":") || !strings.HasPrefix(folder, "/") && !strings.HasPrefix(folder, ".") {
		return err
	}
	if absolute, absErr := filepath.Abs(folder); absErr == nil {
		return fmt.Errorf("%w: to deploy to that folder, write file://%s", err, filepath.ToSlash(absolute))
	}
	return err
}

func openS3(ctx context.Context, address string, o Options) (store.Destination, error) {
	site, err := openBucket(ctx, address, o)
	if err != nil {
		return store.Destination{}, err
	}
	if o.State != "" {
		if o.StatePrefix != "" {
			return store.Destination{}, fmt.Errorf("give either a state prefix or a state address, not both")
		}
		return withState(ctx, site, o)
	}
	prefix := o.StatePrefix
	if prefix == "" {
		prefix = DefaultStatePrefix
	}
	prefix = strings.TrimPrefix(path.Clean("/"+prefix), "/")
	if prefix == "" {
		return store.Destination{}, fmt.Errorf("the state prefix %q is the site's root: name a folder", o.StatePrefix)
	}
	return besideSite(site, prefix+"/"), nil
}

// KeptPrefix is the prefix of kept content in the state.
const KeptPrefix = "content/"

func besideSite(site *s3.Store, prefix string) store.Destination {
	return store.Destination{Site: site, State: site.Sub(prefix), StatePrefix: prefix, KeptPrefix: prefix + KeptPrefix}
}

// withState puts the state and the kept content at an address of their own.
func withState(ctx context.Context, site *s3.Store, o Options) (store.Destination, error) {
	state, err := openBucket(ctx, o.State, o)
	if err != nil {
		return store.Destination{}, fmt.Errorf("state: %w", err)
	}
	here, there := site.String()+"/", state.String()+"/"
	if strings.HasPrefix(here, there) {
		return store.Destination{}, fmt.Errorf("the site (%s) would lie in its own state (%s): give each a place of its own", site, state)
	}
	if prefix, inside := strings.CutPrefix(there, here); inside {
		return besideSite(site, prefix), nil
	}
	return store.Destination{Site: site, State: state, Kept: state, KeptPrefix: KeptPrefix}, nil
}

func openBucket(ctx context.Context, address string, o Options) (*s3.Store, error) {
	rest, ok := strings.CutPrefix(address, "s3://")
	if !ok {
		return nil, fmt.Errorf("%q is not an s3:// address: write s3://BUCKET or s3://BUCKET/PREFIX", address)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	for part := range strings.SplitSeq(prefix, "/") {
		if part == "." || part == ".." {
			return nil, fmt.Errorf("the prefix of %q has a part %q, which browsers and stores would resolve: name the prefix itself", address, part)
		}
	}
	return s3.Open(ctx, bucket, prefix, s3.Options{
		Endpoint: o.Endpoint, Region: o.Region, AccessKey: o.AccessKey, SecretKey: o.SecretKey,
		MaxConnections: o.MaxConnections, MaxAttempts: o.MaxAttempts,
		StallTimeout: o.StallTimeout, Waiting: o.Waiting,
	})
}
