// Package runenv makes the environment variables by which a run gets its site's settings.
package runenv

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/figures"
)

// Of makes the action's settings for a site, as environment variables. Settings without a
// value are left out.
func Of(s config.Site) map[string]string {
	env := map[string]string{
		"PRESSRUN_READY_URL":         s.WaitReady.URL,
		"PRESSRUN_READY_CONTAINS":    s.WaitReady.Contains,
		"PRESSRUN_READY_INTERVAL":    spanText(s.WaitReady.Interval),
		"PRESSRUN_READY_LIMIT":       spanText(s.WaitReady.Limit),
		"PRESSRUN_INSTALL":           s.Install.Command,
		"PRESSRUN_INSTALL_TIMEOUT":   spanText(s.Install.Timeout),
		"PRESSRUN_BUILD":             s.Build.Command,
		"PRESSRUN_BUILD_TIMEOUT":     spanText(s.Build.Timeout),
		"PRESSRUN_UNCHANGED":         s.Build.Unchanged,
		"PRESSRUN_BAKE":              s.Build.Bake,
		"PRESSRUN_BAKE_STATE":        s.Build.BakeState,
		"PRESSRUN_BAKE_CANARY":       strings.Join(s.Build.BakeCanary, "\n"),
		"PRESSRUN_BAKE_UNREACHABLE":  s.Build.BakeUnreachable,
		"PRESSRUN_EXPORT":            s.Build.Export,
		"PRESSRUN_EXPORT_KIND":       s.Build.ExportKind,
		"PRESSRUN_EXPORT_TO":         s.Build.ExportTo,
		"PRESSRUN_EXPORT_TYPES":      strings.Join(s.Build.ExportTypes, ","),
		"PRESSRUN_EXPORT_TOKEN_FILE": s.Build.ExportTokenFile,
		"PRESSRUN_EXPORT_TIMEOUT":    spanText(s.Build.ExportTimeout),
		"PRESSRUN_OUTPUT":            s.Build.Output,
		"PRESSRUN_BUILD_ENV":         envLines(s.Build.Env),
		"PRESSRUN_ENVIRONMENT":       s.Build.Environment,
		"PRESSRUN_INDEX":             s.Check.Index,
		"PRESSRUN_ALLOW":             strings.Join(s.Check.Allow, ","),
		"PRESSRUN_TO":                s.Deploy.To,
		"PRESSRUN_S3_ENDPOINT":       s.Deploy.Endpoint,
		"PRESSRUN_REGION":            s.Deploy.Region,
		"PRESSRUN_REDIRECT_STORE":    s.Deploy.RedirectStore,
		"PRESSRUN_STATE":             s.Deploy.State,
		"PRESSRUN_RULES":             s.Deploy.Rules,
		"PRESSRUN_PUBLIC_URL":        s.URL,
		"PRESSRUN_CDN":               s.Deploy.CDN.Address,
		"PRESSRUN_CDN_SECRET_FILE":   s.Deploy.CDN.SecretFile,
		"PRESSRUN_METRICS_TO":        strings.Join(s.Metrics, ","),
	}
	for name, set := range map[string]bool{
		"PRESSRUN_CDN_TAGS": s.Deploy.CDN.Tags, "PRESSRUN_CDN_CLEAN_URLS": s.Deploy.CDN.CleanURLs, "PRESSRUN_CDN_NOT_FOUND_CACHED": s.Deploy.CDN.NotFoundCached,
	} {
		if set {
			env[name] = "true"
		}
	}
	if s.Deploy.VerifyPages != nil {
		env["PRESSRUN_VERIFY_PAGES"] = strconv.Itoa(*s.Deploy.VerifyPages)
	}
	if s.WaitReady.Status != 0 {
		env["PRESSRUN_READY_STATUS"] = strconv.Itoa(s.WaitReady.Status)
	}
	if s.Check.MaxVanished != nil {
		env["PRESSRUN_MAX_VANISHED"] = strconv.FormatFloat(*s.Check.MaxVanished, 'g', -1, 64)
	}
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	return env
}

// CDNSecret is the environment variable with the secret of the site's CDN, ""
// when it needs none.
func CDNSecret(s config.Site) string { return cdn.SecretVariable(s.Deploy.CDN.Address) }

// Secrets are the environment variables with the secrets of the systems that get the runs' figures.
func Secrets(s config.Site) []string { return figures.Variables(strings.Join(s.Metrics, ",")) }

func spanText(d *config.Duration) string {
	if d == nil || *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

// envLines writes variables one to a line, the values as JSON strings: they may
// hold anything.
func envLines(vars map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		value, err := json.Marshal(vars[name])
		if err != nil {
			continue // a string can always be encoded
		}
		b.WriteString(name + "=" + string(value) + "\n")
	}
	return b.String()
}
