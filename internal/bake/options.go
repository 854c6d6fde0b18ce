// Package bake makes static files of a live CMS: it asks for every page as an anonymous
// visitor, rewrites the addresses in place, and gives an account of every address it
// knows of. The output changes only when the bake is accepted.
package bake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/crawl"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/bake/output"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/pace"
)

// Options configure a bake. Zero values are the defaults.
type Options struct {
	// CMS is the address of the CMS, Dir the folder that becomes the site.
	CMS, Dir string
	// State is the folder of the bake's state; Dir with ".bake" behind it.
	State string
	// PublicURL is where the site will be; "" for not known: addresses become paths then.
	PublicURL string

	Extras  []string // paths that nothing names
	Exclude []string // globs of paths that are never asked for, besides defaultExclude
	Always  []string // globs of paths that are asked for in each bake
	Pagers  []string // parameters of pagers; address.DefaultPagers
	Dropped []string // parameters that change nothing
	// Canaries are texts that must be there: "TEXT" in the home page, "/PATH=TEXT" in another.
	Canaries []string
	// MayLeak are globs of files in which the CMS's host may be.
	MayLeak []string

	// Changes are the paths, and the tags of the CMS's cache, that changed since the last
	// bake. With any, only the pages that depend on them are requested.
	Changes []string
	// Served are entries that changed, as requests name them ("article/12"): all changes
	// since the last bake. Where the CMS sends cache tags, they are as good as Changes.
	Served []string
	// Full requests everything anew, which happens anyway when the last time is longer ago
	// than FullEvery, 24 h.
	Full      bool
	FullEvery time.Duration

	Limits      judge.Limits
	AllowRobots bool
	MaxPages    int // 200,000
	Pace        pace.Limits
	Timeout     time.Duration // to the header of an answer, 30 s
	// Backoff is the time before a page is asked for a second time, 1 s, and GiveUp how
	// long the CMS may give no good answer at all before the rest is not asked for, 3 min.
	Backoff, GiveUp time.Duration
	// Authorization is the header of that name in all requests; "" for none.
	Authorization string
	UserAgent     string
	DryRun        bool
	Tell          func(crawl.Progress)
}

// defaultExclude are globs of the paths of CMSs that are for editors and programs, and no
// part of the site.
func defaultExclude() []string {
	return []string{
		"wp-admin/**", "wp-login.php", "wp-json/**", "wp-json", "xmlrpc.php", "wp-cron.php", "wp-comments-post.php", "wp-signup.php", "wp-trackback.php", "**/trackback",
		"admin/**", "admin", "cms/**", "django-admin/**", "user/login", "user/register", "user/password", "user/logout", "accounts/**", "cdn-cgi/**", "_util/**",
		"ghost/**", "members/api/**",
	}
}

// resolved are parsed options, with the defaults filled in.
type resolved struct {
	Options
	origin  address.Origin
	queries address.Queries
	extras  []address.Address
	exclude []*regexp.Regexp
	always  []*regexp.Regexp
	mayLeak []*regexp.Regexp
	canary  []output.Canary
	missing address.Address
}

// ErrOptions says that options are invalid.
var ErrOptions = errors.New("the bake's settings are invalid")

func resolve(o Options) (r resolved, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrOptions, err)
		}
	}()
	r.Options = o
	if r.origin, err = address.ParseOrigin(o.CMS); err != nil {
		return r, err
	}
	if r.PublicURL, err = output.ParsePublicURL(o.PublicURL); err != nil {
		return r, err
	}
	if o.Dir == "" {
		return r, errors.New("the output's folder is missing")
	}
	if r.Dir, err = filepath.Abs(o.Dir); err != nil {
		return r, err
	}
	if r.State, err = filepath.Abs(cmp.Or(o.State, r.Dir+".bake")); err != nil {
		return r, err
	}
	if within(r.State, r.Dir) {
		return r, fmt.Errorf("the state's folder %s lies in the output %s, and would be published: name another with --state", r.State, r.Dir)
	}
	for _, name := range o.Limits.Allow {
		if !slices.Contains(judge.Guards(), name) {
			return r, fmt.Errorf("there is no guard %q to let pass; expected one of %s", name, strings.Join(judge.Guards(), ", "))
		}
	}
	r.queries = address.Queries{Pagers: o.Pagers, Dropped: o.Dropped}
	if o.Pagers == nil {
		r.queries.Pagers = address.DefaultPagers()
	}
	r.FullEvery = cmp.Or(o.FullEvery, 24*time.Hour)
	r.MaxPages = cmp.Or(o.MaxPages, 200_000)
	r.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	r.Backoff, r.GiveUp = cmp.Or(o.Backoff, time.Second), cmp.Or(o.GiveUp, 3*time.Minute)
	r.UserAgent = cmp.Or(o.UserAgent, "pressrun-bake")
	return r, r.patterns()
}

func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func (r *resolved) patterns() error {
	var err error
	if r.exclude, err = globs(append(defaultExclude(), r.Exclude...)); err != nil {
		return err
	}
	if r.always, err = globs(r.Always); err != nil {
		return err
	}
	for _, glob := range r.MayLeak {
		re, err := rules.Glob(glob)
		if err != nil {
			return err
		}
		r.mayLeak = append(r.mayLeak, re)
	}
	for _, e := range r.Extras {
		to, ok := r.origin.Given(e)
		if !ok || to.Form == address.Relative {
			return fmt.Errorf("%q is no path of the CMS; expected one such as /thanks/", e)
		}
		r.extras = append(r.extras, to.Address)
	}
	for _, c := range r.Canaries {
		page, text, ok := strings.Cut(c, "=")
		if !ok || !strings.HasPrefix(page, "/") {
			page, text = "/", c
		}
		if text == "" {
			return fmt.Errorf("the canary %q has no text; expected TEXT or /PATH=TEXT", c)
		}
		r.canary = append(r.canary, output.Canary{Page: address.Address(page), Text: text})
	}
	sum := sha256.Sum256([]byte(r.origin.String()))
	r.missing = address.Address("/pressrun-no-such-page-" + hex.EncodeToString(sum[:6]) + "/")
	return nil
}

// globs reads globs of paths. A slash at either end of a path does not count.
func globs(all []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, glob := range all {
		re, err := rules.Glob(strings.Trim(glob, "/"))
		if err != nil {
			return nil, fmt.Errorf("%q is no glob of paths: %w", glob, err)
		}
		out = append(out, re)
	}
	return out, nil
}

// settings is a hash of the options on which a bake's requests depend.
func (r *resolved) settings() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%q\n%q\n%q\n%q\n%t", r.origin, r.extras, r.Exclude, r.queries.Pagers, r.queries.Dropped, r.Authorization != ""))
	return hex.EncodeToString(sum[:8])
}
