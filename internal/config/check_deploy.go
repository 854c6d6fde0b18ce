package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/figures"
	"github.com/pressrun/pressrun/internal/pattern"
)

// bucketName is the part of Amazon's rules for bucket names that all S3 servers share.
var bucketName = pattern.Of(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

var errOneAddress = fmt.Errorf("is not one address; expected one of %s", strings.Join(figures.Syntaxes(), ", "))

const deployShape = "a folder, file:///absolute/folder or s3://bucket/prefix"

func checkDeploy(k *checker, key string, s Site) {
	at, d := key+".deploy", s.Deploy
	if s.Runner == RunnerGitHub {
		return // the workflow sets it, see localSections
	}
	if !k.Has(at + ".to") {
		k.wrong(at, "where the site goes is missing; expected deploy.to: %s", deployShape)
	} else {
		checkDestination(k, at+".to", d.To)
	}
	for i, address := range s.Metrics {
		if err := figures.Check(address); err != nil || strings.ContainsAny(address, ", \t\n") || address == "" {
			k.wrong(fmt.Sprintf("%s.metrics[%d]", key, i), "%v", cmp.Or(err, errOneAddress))
		}
	}
	checkRegion(k, at+".region", d.Region)
	checkCDN(k, key, s)
	if store := d.RedirectStore; k.Has(at+".redirect_store") && store != "none" {
		if err := redirectkv.CheckARN(store); err != nil {
			k.wrong(at+".redirect_store", "%v, or none", err)
		}
	}
	k.webURL(at+".endpoint", d.Endpoint, "the S3 server's address, such as http://127.0.0.1:7070")
	checkStateAddress(k, at+".state", d)
	if k.Has(at+".rules") && d.Rules == "" {
		k.wrong(at+".rules", "is empty; expected a JSON file with rules of headers and compression")
	}
	for _, only := range []string{at + ".endpoint", at + ".region", at + ".state"} {
		if k.Has(only) && k.Has(at+".to") && !strings.HasPrefix(d.To, "s3://") {
			k.wrong(only, "is for s3:// only, and this site goes to a folder; expected no such key")
		}
	}
}

const stateShape = "s3://bucket/prefix of its own"

func checkStateAddress(k *checker, key string, d Deploy) {
	if !k.Has(key) {
		return
	}
	u, err := url.Parse(d.State)
	if err == nil && u.User != nil {
		k.WrongSecret(key, "has a user or password in it; expected "+stateShape+", with the credentials in the environment")
		return
	}
	if err != nil || u.Scheme != "s3" {
		k.wrong(key, "%q is no place for the state; expected %s", d.State, stateShape)
		return
	}
	checkBucket(k, key, d.State, u)
	if strings.HasPrefix(strings.TrimRight(d.To, "/")+"/", strings.TrimRight(d.State, "/")+"/") {
		k.wrong(key, "the site itself goes there; expected %s", stateShape)
	}
}

func checkCDN(k *checker, key string, s Site) {
	at, c := key+".deploy.cdn", s.Deploy.CDN
	if n := s.Deploy.VerifyPages; n != nil && (*n < 0 || *n > 100) {
		k.wrong(key+".deploy.verify_pages", "%d pages can't be looked at; expected a number from 0 to 100", *n)
	}
	if !k.Has(at+".address") || k.Reported(at+".address") {
		return
	}
	err := cdn.Check(cdn.Config{Address: c.Address, PublicURL: s.URL})
	switch {
	case k.Reported(key + ".url"): // which it was checked with
	case errors.Is(err, cdn.ErrNoPublicURL):
		k.wrong(key+".deploy.cdn", "this CDN is told whole addresses; expected the site's url beside it, such as url: https://www.example.gov")
	case err != nil:
		// A webhook's address may be a secret.
		k.WrongSecret(at+".address", err.Error())
	case k.Has(at+".secret_file") && cdn.SecretVariable(c.Address) == "":
		k.wrong(at+".secret_file", "this CDN needs no secret of its own; expected no such key")
	}
	if k.Has(at+".secret_file") && c.SecretFile == "" {
		k.wrong(at+".secret_file", "is empty; expected the file with the CDN's token")
	}
}

func checkDestination(k *checker, key, to string) {
	u, err := url.Parse(to)
	if err == nil && u.User != nil {
		k.WrongSecret(key, "has a user or password in it; expected "+deployShape+", with the credentials in the environment")
		return
	}
	scheme, _, isURL := strings.Cut(to, "://")
	switch {
	case meantBucket(to) != "":
		k.wrong(key, "%q is no folder; for a bucket write %s, for a folder of that name ./%s", to, meantBucket(to), to)
	case to == "" || err != nil && isURL:
		k.wrong(key, "%q is no destination; expected %s", to, deployShape)
	case !isURL:
		checkFolderTo(k, key, to)
	case scheme == "s3":
		checkBucket(k, key, to, u)
	case scheme != "file":
		k.wrong(key, "Pressrun can't deploy to %s://; expected %s", scheme, deployShape)
	case u.Host != "" || !filepath.IsAbs(u.Path) || u.RawQuery != "" || u.Fragment != "":
		k.wrong(key, "%q is no file address; expected file:/// and an absolute folder", to)
	default:
		checkFolderTo(k, key, u.Path)
	}
}

// bucketForms match other ways in which people write a bucket: the console's ARN, an HTTP
// address of S3, a scheme without its slashes.
var bucketForms = []func() *regexp.Regexp{
	pattern.Of(`^arn:aws[a-z-]*:s3:::([^/]+)(/.*)?$`),
	pattern.Of(`^https?://([a-z0-9.-]+)\.s3(?:-website)?[.-][a-z0-9.-]*amazonaws\.com(/.*)?$`),
	pattern.Of(`^https?://s3[.-][a-z0-9.-]*amazonaws\.com/([^/]+)(/.*)?$`),
	pattern.Of(`^(?:s3|S3):?/?([A-Za-z0-9][A-Za-z0-9.-]+)(/.*)?$`),
	pattern.Of(`^S3://([^/]+)(/.*)?$`),
	pattern.Of(`^((?:[a-z0-9-]+\.)+[a-z]{2,})(/.*)?$`), // a host name
}

// meantBucket is the address of the bucket that was certainly meant; "" if there is none.
func meantBucket(to string) string {
	if strings.HasPrefix(to, "s3://") {
		return ""
	}
	for i, form := range bucketForms {
		m := form().FindStringSubmatch(to)
		if m == nil || (i == 3 && !strings.ContainsAny(to[2:3], ":/")) {
			continue
		}
		return "s3://" + strings.ToLower(m[1]) + strings.TrimRight(m[2], "/")
	}
	return ""
}

// zoneOfRegion matches an availability zone, such as us-east-1a, in place of a region.
var zoneOfRegion = pattern.Of(`^([a-z]{2}(-[a-z]+)+-[0-9])[a-z]$`)

func checkRegion(k *checker, key, region string) {
	if m := zoneOfRegion().FindStringSubmatch(region); m != nil && k.Has(key) {
		k.wrong(key, "%q is a zone within a region; expected the region, %s", region, m[1])
	}
}

func checkBucket(k *checker, key, to string, u *url.URL) {
	if !bucketName().MatchString(u.Host) || u.RawQuery != "" || u.Fragment != "" {
		k.wrong(key, "%q names no bucket; expected s3://bucket or s3://bucket/prefix", to)
	}
}

// checkFolderTo refuses a destination that overlaps the state folder or the source: a
// deploy must never meet their files.
func checkFolderTo(k *checker, key, path string) {
	to := absolute(k.folder, path)
	if to == string(filepath.Separator) || to == k.folder {
		k.wrong(key, "a site can't have %s for itself; expected a folder of its own", to)
		return
	}
	state := absolute(k.folder, k.config.stateOrDefault())
	if within(to, state) || within(state, to) {
		k.wrong(key, "%s and the state folder %s lie within each other; expected a folder of its own", to, state)
	}
	site := strings.TrimSuffix(strings.TrimPrefix(key, "sites."), ".deploy.to")
	conf := k.config.Sites[site]
	folder := conf.Source.Folder
	if folder == "" {
		return
	}
	source := absolute(k.folder, folder)
	if within(source, to) {
		k.wrong(key, "the source %s lies within the folder that the site goes to; expected a folder of its own", folder)
		return
	}
	if output := filepath.Join(source, conf.Build.Output); conf.Build.Output != "" && (within(to, output) || within(output, to)) {
		k.wrong(key, "this is the folder that the build makes, so that a release would go live while it is being built; expected another folder than %s", output)
	}
}

// checkDestinations finds sites that would overwrite each other: with one destination, or
// with one that lies within the other, where the outer site's files can take the inner
// site's addresses.
func checkDestinations(k *checker) {
	taken, inside := map[string]string{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(k.config.Sites)) {
		deploy := k.config.Sites[name].Deploy
		if deploy.To == "" {
			continue
		}
		to := deploy.Endpoint + " " + strings.TrimRight(k.config.destination(k.folder, deploy.To), "/") + "/"
		around := outer(to)
		outside := ""
		for _, folder := range around {
			outside = cmp.Or(outside, taken[folder])
		}
		switch at := "sites." + name + ".deploy.to"; {
		case taken[to] != "":
			k.wrong(at, "the site %s goes there too; expected a destination of its own", taken[to])
		case outside != "":
			k.wrong(at, "it lies within the destination of the site %s, whose files could take its addresses; expected one beside it", outside)
		case inside[to] != "":
			k.wrong(at, "the destination of the site %s lies within it, and its files could take that site's addresses; expected one beside it", inside[to])
		}
		taken[to] = cmp.Or(taken[to], name)
		for _, folder := range around {
			inside[folder] = cmp.Or(inside[folder], name)
		}
	}
}

// outer are the folders around one, each with its slash at the end.
func outer(folder string) []string {
	var all []string
	for i := len(folder) - 1; ; {
		if i = strings.LastIndexByte(folder[:i], '/'); i < 0 {
			return all
		}
		all = append(all, folder[:i+1])
	}
}

// within says whether a path is a folder or lies in it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}
