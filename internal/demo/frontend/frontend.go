// Package frontend builds the demo's public site: it reads all published
// articles from the stand-in CMS and writes a folder of static files.
//
// The same content and options always give the same bytes: no page holds the
// time of the build. A build that lacks anything fails and leaves the folder
// as it was.
package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pressrun/pressrun/internal/demo/content"
	"github.com/pressrun/pressrun/internal/demo/tree"
)

// Options say what to build.
type Options struct {
	CMS          string       // address of the CMS; required
	Out          string       // folder to write; replaced whole, and only if it is empty, missing or an earlier build
	BaseURL      string       // public address of the site; empty: the one that the CMS knows
	AnalyticsID  string       // put on the pages when set
	DeployEnv    string       // "production" or empty; any other name marks every page and keeps search engines away
	RequestsFile string       // the requests that this release serves, as JSON; empty: none
	Log          *slog.Logger // nil: nothing is logged
}

// The environment that OptionsFromEnv reads.
const (
	envCMS          = "CMS_URL"
	envBaseURL      = "SITE_URL"
	envAnalyticsID  = "ANALYTICS_ID"
	envDeployEnv    = "DEPLOY_ENV"
	envRequestsFile = "PRESSRUN_REQUESTS_FILE"
)

// OptionsFromEnv reads all options but Out and Log from an environment, such
// as os.Getenv.
func OptionsFromEnv(getenv func(string) string) Options {
	return Options{
		CMS: getenv(envCMS), BaseURL: getenv(envBaseURL), AnalyticsID: getenv(envAnalyticsID),
		DeployEnv: getenv(envDeployEnv), RequestsFile: getenv(envRequestsFile),
	}
}

// Summary describes a build.
type Summary struct {
	Out      string   `json:"out"`
	Articles int      `json:"articles"`
	Pages    int      `json:"pages"` // HTML pages
	Files    int      `json:"files"` // all files
	Bytes    int64    `json:"bytes"`
	Changed  []string `json:"changed,omitempty"`  // the changes that the served requests name
	Warnings []string `json:"warnings,omitempty"` // faults without harm to the site
}

// Build reads the content and writes the site.
func Build(ctx context.Context, opts Options) (Summary, error) {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := opts.check(); err != nil {
		return Summary{}, err
	}
	summary := Summary{Out: opts.Out}
	summary.noteRequests(ctx, log, opts.RequestsFile)
	listing, err := content.Fetch(ctx, opts.CMS)
	if err != nil {
		return Summary{}, err
	}
	log.InfoContext(ctx, "content fetched", "cms", opts.CMS, "articles", listing.Total)
	files, err := Render(listing, opts)
	if err != nil {
		return Summary{}, err
	}
	if err := tree.Replace(opts.Out, files); err != nil {
		return Summary{}, fmt.Errorf("write site to %s: %w", opts.Out, err)
	}
	summary.count(listing, files)
	log.InfoContext(ctx, "site built", "out", opts.Out, "pages", summary.Pages, "files", summary.Files, "bytes", summary.Bytes)
	return summary, nil
}

func (s *Summary) noteRequests(ctx context.Context, log *slog.Logger, file string) {
	if file == "" {
		return
	}
	changed, err := readRequests(file)
	if err != nil {
		// The file is for the log only: the whole site is built anyway.
		log.WarnContext(ctx, "served requests not readable; building everything", "error", err)
		s.Warnings = append(s.Warnings, err.Error())
		return
	}
	for _, text := range changed {
		log.InfoContext(ctx, "this release serves", "request", text)
	}
	s.Changed = changed
}

func (s *Summary) count(listing content.Listing, files map[string][]byte) {
	s.Articles = listing.Total
	s.Files = len(files)
	for name, data := range files {
		s.Bytes += int64(len(data))
		if strings.HasSuffix(name, ".html") {
			s.Pages++
		}
	}
}

var (
	analyticsPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	deployEnvPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
)

func (o Options) check() error {
	if o.CMS == "" {
		return fmt.Errorf("no CMS address: set %s", envCMS)
	}
	if o.AnalyticsID != "" && !analyticsPattern.MatchString(o.AnalyticsID) {
		return fmt.Errorf("%s %q: want 1 to 64 letters, digits, - or _", envAnalyticsID, o.AnalyticsID)
	}
	if o.DeployEnv != "" && !deployEnvPattern.MatchString(o.DeployEnv) {
		return fmt.Errorf("%s %q: want lower-case letters, digits and -, such as staging", envDeployEnv, o.DeployEnv)
	}
	return checkOut(o.Out)
}

// checkOut refuses to replace a folder that a build did not write: a mistyped
// folder must not cost anybody their files.
func checkOut(out string) error {
	if out == "" {
		return errors.New("no output folder given")
	}
	entries, err := os.ReadDir(out)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list output folder: %w", err)
	}
	index, err := os.ReadFile(filepath.Join(out, "index.html"))
	if err != nil || !strings.Contains(string(index), generator) {
		return fmt.Errorf("output folder %s holds files that no build of this site wrote: choose another or empty it", out)
	}
	return nil
}

// baseURL is the public address without a slash at its end.
func (o Options) baseURL(site content.Site) (string, error) {
	address := o.BaseURL
	if address == "" {
		address = site.URL
	}
	if address == "" {
		return "", fmt.Errorf("no public address: set %s, or give the CMS one", envBaseURL)
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("public address %q: want http://host or https://host", address)
	}
	if path := strings.Trim(u.Path, "/"); path != "" {
		return "", fmt.Errorf("public address %q: the site links from the root, so it can't live under /%s", address, path)
	}
	return u.Scheme + "://" + u.Host, nil
}
