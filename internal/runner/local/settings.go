package local

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/config"
)

// Settings are what a site's runs need to know.
type Settings struct {
	// Folder is the frontend's folder, used as it is; or else Git is its
	// repository and Ref the branch, tag or commit ("" for the repository's
	// own default branch).
	Folder string `json:"folder,omitempty"`
	Git    string `json:"git,omitempty"`
	Ref    string `json:"ref,omitempty"`
	// Limit bounds a whole run; 0 means 3 hours.
	Limit time.Duration `json:"limit,omitempty"`
	// Env are the action's settings, as the environment names them.
	Env map[string]string `json:"env,omitempty"`
}

// FromConfig gives the settings of a configured site.
func FromConfig(c config.Site) Settings {
	env := map[string]string{
		"PRESSRUN_READY_URL":       c.WaitReady.URL,
		"PRESSRUN_READY_CONTAINS":  c.WaitReady.Contains,
		"PRESSRUN_READY_INTERVAL":  span(c.WaitReady.Interval),
		"PRESSRUN_READY_LIMIT":     span(c.WaitReady.Limit),
		"PRESSRUN_INSTALL":         c.Install.Command,
		"PRESSRUN_INSTALL_TIMEOUT": span(c.Install.Timeout),
		"PRESSRUN_BUILD":           c.Build.Command,
		"PRESSRUN_BUILD_TIMEOUT":   span(c.Build.Timeout),
		"PRESSRUN_OUTPUT":          c.Build.Output,
		"PRESSRUN_BUILD_ENV":       lines(c.Build.Env),
		"PRESSRUN_ENVIRONMENT":     c.Build.Environment,
		"PRESSRUN_INDEX":           c.Check.Index,
		"PRESSRUN_ALLOW":           strings.Join(c.Check.Allow, ","),
		"PRESSRUN_TO":              c.Deploy.To,
		"PRESSRUN_S3_ENDPOINT":     c.Deploy.Endpoint,
		"PRESSRUN_REGION":          c.Deploy.Region,
		"PRESSRUN_REDIRECT_STORE":  c.Deploy.RedirectStore,
		"PRESSRUN_STATE":           c.Deploy.State,
		"PRESSRUN_RULES":           c.Deploy.Rules,
		"PRESSRUN_PUBLIC_URL":      c.URL,
		"PRESSRUN_CDN":             c.Deploy.CDN.Address,
		"PRESSRUN_CDN_SECRET_FILE": c.Deploy.CDN.SecretFile,
	}
	for name, set := range map[string]bool{
		"PRESSRUN_CDN_TAGS": c.Deploy.CDN.Tags, "PRESSRUN_CDN_CLEAN_URLS": c.Deploy.CDN.CleanURLs, "PRESSRUN_CDN_NOT_FOUND_CACHED": c.Deploy.CDN.NotFoundCached,
	} {
		if set {
			env[name] = "true"
		}
	}
	if c.Deploy.VerifyPages != nil {
		env["PRESSRUN_VERIFY_PAGES"] = strconv.Itoa(*c.Deploy.VerifyPages)
	}
	if c.WaitReady.Status != 0 {
		env["PRESSRUN_READY_STATUS"] = strconv.Itoa(c.WaitReady.Status)
	}
	if c.Check.MaxVanished != nil {
		env["PRESSRUN_MAX_VANISHED"] = strconv.FormatFloat(*c.Check.MaxVanished, 'g', -1, 64)
	}
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	s := Settings{Folder: c.Source.Folder, Git: c.Source.Git, Ref: c.Source.Ref, Env: env}
	if c.Limit != nil {
		s.Limit = time.Duration(*c.Limit)
	}
	return s
}

// cdnSecret is the variable with the secret of the site's CDN, "" for none: the
// secrets of other sites' CDNs are nothing to its runs.
func (s Settings) cdnSecret() string { return cdn.SecretVariable(s.Env["PRESSRUN_CDN"]) }

func span(d *config.Duration) string {
	if d == nil || *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

// lines writes variables one to a line, the values as JSON strings: they may
// hold anything.
func lines(vars map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		value, err := json.Marshal(vars[name])
		if err != nil {
			continue // a string always can be written
		}
		b.WriteString(name + "=" + string(value) + "\n")
	}
	return b.String()
}
