package cdn

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
)

var _ Purger = (*varnish)(nil)

const (
	varnishPaths    = 2000
	varnishPrefixes = 50
	varnishTags     = 1000
	// varnishBatch keeps a pattern over tags well under Varnish's limit for one
	// header (http_req_hdr_len, 8 kB) with tags of ordinary length.
	varnishBatch     = 50
	varnishPattern   = 6000
	varnishTagHeader = "x-amz-meta-cache-tag"
)

// varnish purges one or more Varnish servers through the VCL of docs/varnish.vcl, which
// knows the methods PURGE (one address) and BAN (by the header X-Ban-Url or X-Ban-Tags, a
// regular expression over addresses or tags). A purge is in effect once it is answered.
type varnish struct {
	servers []string // "http://varnish-1:6081"
	host    string   // the site's public host, which is part of Varnish's cache key
	base    string
	client  client
}

func checkVarnish(t target) error {
	_, err := varnishServers(t.name)
	if err == nil && t.public.Host == "" {
		err = fmt.Errorf("varnish caches by host: %w", ErrNoPublicURL)
	}
	return err
}

func openVarnish(_ context.Context, t target) (Purger, error) {
	servers, err := varnishServers(t.name)
	if err != nil {
		return nil, err
	}
	return &varnish{servers: servers, host: t.public.Host, base: t.base, client: t.http}, nil
}

func varnishServers(list string) ([]string, error) {
	var servers []string
	for server := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(server)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
			return nil, errors.New("each varnish server must be an address like http://varnish:6081, without a name and password")
		}
		servers = append(servers, u.Scheme+"://"+u.Host)
	}
	return servers, nil
}

func (v *varnish) Name() string { return "varnish:" + strings.Join(v.servers, ",") }

// Limits keep the number of bans small: Varnish matches each ban against each object.
func (v *varnish) Limits() Limits {
	return Limits{
		Tags: varnishTags, TagHeader: varnishTagHeader, Paths: varnishPaths, Prefixes: varnishPrefixes,
		AnyPrefix: true, Everything: true,
	}
}

// Purge purges every server. A server that is down does not keep the others from being purged.
func (v *varnish) Purge(ctx context.Context, set Set) (Receipt, error) {
	return deliver(ctx, v.Name(), set, callLimits{total: varnishBatch, folders: true}, func(ctx context.Context, items []item) (string, error) {
		errs := make([]error, len(v.servers))
		var group errgroup.Group
		for n, server := range v.servers {
			group.Go(func() error {
				if err := v.purge(ctx, server, items); err != nil {
					errs[n] = fmt.Errorf("purge varnish %s: %w", server, advise(err,
						"its VCL does not let this machine purge: add it to the acl", "its VCL does not know how to purge: see docs/varnish.vcl"))
				}
				return nil
			})
		}
		_ = group.Wait() // its errors are in errs
		return "", errors.Join(errs...)
	})
}

func (v *varnish) purge(ctx context.Context, server string, items []item) error {
	switch items[0].kind {
	case kindAll:
		return v.ban(ctx, server, "X-Ban-Url", "^"+regexp.QuoteMeta(urlpath.Encode(v.base))+"/")
	case kindTag:
		return v.banTags(ctx, server, values(items, kindTag))
	case kindPrefix:
		for _, prefix := range values(items, kindPrefix) {
			if err := v.ban(ctx, server, "X-Ban-Url", "^"+regexp.QuoteMeta(urlpath.Encode(prefix))); err != nil {
				return err
			}
		}
		return nil
	case kindPath:
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(callsAtOnce)
	for _, path := range values(items, kindPath) {
		group.Go(func() error {
			_, err := v.client.do(ctx, call{method: "PURGE", url: server + urlpath.Encode(path), host: v.host})
			return err
		})
	}
	return group.Wait()
}

// banTags bans as many tags in each call as fit into a header.
func (v *varnish) banTags(ctx context.Context, server string, tags []string) error {
	for len(tags) > 0 {
		n, length := 0, 0
		for n < len(tags) && (n == 0 || length+len(tags[n]) < varnishPattern/2) {
			length += len(tags[n]) + 1
			n++
		}
		if err := v.ban(ctx, server, "X-Ban-Tags", tagPattern(tags[:n])); err != nil {
			return err
		}
		tags = tags[n:]
	}
	return nil
}

func (v *varnish) ban(ctx context.Context, server, header, pattern string) error {
	_, err := v.client.do(ctx, call{method: "BAN", url: server + "/", header: map[string]string{header: pattern}, host: v.host})
	return err
}

// tagPattern matches any of the tags as a whole word of a list, ignoring case. It has no
// blank, which would end an argument of a ban.
func tagPattern(tags []string) string {
	quoted := make([]string, len(tags))
	for i, tag := range tags {
		quoted[i] = regexp.QuoteMeta(tag)
	}
	return `(?i)(^|[\s,])(` + strings.Join(quoted, "|") + `)([\s,]|$)`
}

func (v *varnish) Wait(context.Context, Receipt) error { return nil }
