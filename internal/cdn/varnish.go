package cdn

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"
)

var _ Purger = (*Varnish)(nil)

const (
	varnishPaths     = 2000
	varnishPrefixes  = 50
	varnishTagHeader = "x-amz-meta-cache-tag"
	varnishAtOnce    = 16
)

// Varnish purges one or more Varnish servers through a VCL that knows the methods
// PURGE (one address) and BAN (by the header X-Ban-Url, a regular expression
// over addresses, or X-Ban-Tags, one over tags). docs/varnish.vcl has it.
type Varnish struct {
	Servers []string // http://varnish-1:6081
	Host    string   // the site's public host, as Varnish keys objects by it

	client client
}

// String names the servers.
func (v *Varnish) String() string { return "varnish " + strings.Join(v.Servers, ", ") }

// Abilities are those of the VCL.
func (v *Varnish) Abilities() Abilities {
	return Abilities{TagHeader: varnishTagHeader, Paths: varnishPaths, Prefixes: varnishPrefixes}
}

// Purge tells every server; each must take all of it.
func (v *Varnish) Purge(ctx context.Context, p Purge) (Receipt, error) {
	for _, server := range v.Servers {
		if err := v.purgeOne(ctx, server, p); err != nil {
			return nil, fmt.Errorf("purge varnish: %w", err)
		}
	}
	return nil, nil
}

func (v *Varnish) purgeOne(ctx context.Context, server string, p Purge) error {
	if p.All {
		return v.send(ctx, server, "BAN", "/", map[string]string{"X-Ban-Url": "^/"})
	}
	if len(p.Tags) > 0 {
		if err := v.send(ctx, server, "BAN", "/", map[string]string{"X-Ban-Tags": tagPattern(p.Tags)}); err != nil {
			return err
		}
	}
	for _, prefix := range p.Prefixes {
		pattern := "^" + regexp.QuoteMeta((&url.URL{Path: prefix}).EscapedPath())
		if err := v.send(ctx, server, "BAN", "/", map[string]string{"X-Ban-Url": pattern}); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(varnishAtOnce)
	for _, path := range p.Paths {
		group.Go(func() error { return v.send(ctx, server, "PURGE", (&url.URL{Path: path}).EscapedPath(), nil) })
	}
	return group.Wait()
}

// tagPattern matches any of the tags as a whole word of a list. A ban's pattern
// ends at the first space, so it has none.
func tagPattern(tags []string) string {
	quoted := each(tags, regexp.QuoteMeta)
	return `(^|[\s,])(` + strings.Join(quoted, "|") + `)([\s,]|$)`
}

func (v *Varnish) send(ctx context.Context, server, method, path string, header map[string]string) error {
	_, err := v.client.do(ctx, call{Method: method, URL: trimmed(server) + path, Header: header, Host: v.Host})
	return advise(err, "the VCL does not let this machine purge: add it to the acl", "the VCL does not know "+method+": see docs/varnish.vcl")
}

// Wait returns at once: a purge that was answered is in effect.
func (v *Varnish) Wait(context.Context, Receipt) error { return nil }
