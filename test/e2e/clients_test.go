package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/test/servers"
)

// vendors are the libraries by which vendors of CMSs sign, or have what they signed
// verified: name to the dialects that they are to be understood by.
var vendors = map[string][]string{
	"standardwebhooks": {"standard", "wordpress", "wagtail"},
	"svix":             {"standard"},
	"sanity":           {"sanity"},
	"contentful":       {"contentful"},
	"octokit":          {"github", "drupal"},
}

// vendorSecret has what each of them asks of one: 64 characters for Contentful, base64
// after whsec_ for Standard Webhooks.
const vendorSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTwjUPD8ILPZIo2"

type (
	vendorCall struct {
		Client  string `json:"client"`
		Address string `json:"address"`
		Secret  string `json:"secret"`
		ID      string `json:"id"`
		Body    string `json:"body"`
		At      int64  `json:"at"`
		Tamper  bool   `json:"tamper"`

		name string
		want int
	}
	vendorCheck struct {
		Client  string            `json:"client"`
		Secret  string            `json:"secret"`
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`

		name string
		want bool
	}
	vendorAnswer struct {
		Calls []struct {
			Status int
			Text   string
		}
		Checks []any
	}
)

// withVendors runs the libraries, which npm installs as the lock file says.
func withVendors(t *testing.T, calls []vendorCall, checks []vendorCheck) vendorAnswer {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			servers.Missing(t, tool+", so that no vendor's library calls a hook", "apt-get install nodejs npm")
		}
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("testdata/clients")); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--prefer-offline")
	install.Dir = folder
	if out, err := install.CombinedOutput(); err != nil {
		servers.Missing(t, fmt.Sprintf("what npm installs (%v: %s)", err, bytes.TrimSpace(out)), "let npm reach its registry")
	}
	work, err := json.Marshal(map[string]any{"calls": calls, "checks": checks})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(folder, "call.mjs"))
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(work), &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	var answer vendorAnswer
	if err := json.Unmarshal(out, &answer); err != nil || len(answer.Calls) != len(calls) || len(answer.Checks) != len(checks) {
		t.Fatalf("%v: %s", err, out)
	}
	return answer
}

// TestVendorsOwnLibrariesAreUnderstood has them call a running app, each as its vendor
// signs, and as nobody may; and has them verify what `pressrun hook test` signs.
func TestVendorsOwnLibrariesAreUnderstood(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("npm installs packages")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(vendorSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	var hooks []any
	for _, dialect := range slices.Concat(slices.Collect(maps.Values(vendors))...) {
		hooks = append(hooks, map[string]any{"name": dialect, "dialect": dialect, "secret_file": secret, "rate": 1000, "burst": 1000})
	}
	hooks = slices.CompactFunc(hooks, func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
	site, _ := folderSite(t, "true")
	site["hooks"], site["quiet"], site["max_wait"] = unique(hooks), "1h", "1h"
	app := serve(t, "www", site)

	addresses := map[string]string{}
	calls, checks := []vendorCall{}, []vendorCheck{}
	for _, client := range slices.Sorted(maps.Keys(vendors)) {
		for _, dialect := range vendors[client] {
			if addresses[dialect] == "" {
				made, err := app.client.NewHookAddress(t.Context(), "www", dialect)
				if err != nil {
					t.Fatal(err)
				}
				addresses[dialect] = made.Address
			}
			calls = append(calls, callsOf(client, dialect, addresses[dialect])...)
			checks = append(checks, checksOf(t, client, dialect)...)
		}
	}
	answer := withVendors(t, calls, checks)
	taken := map[string]bool{}
	for i, c := range calls {
		got := answer.Calls[i]
		if got.Status != c.want || strings.Contains(got.Text, vendorSecret) {
			t.Errorf("%s: answered %d, want %d: %s", c.name, got.Status, c.want, got.Text)
		}
		if got.Status == http.StatusOK {
			taken[c.ID] = true
		}
	}
	for i, c := range checks {
		if answer.Checks[i] != c.want && (c.want || answer.Checks[i] == true) {
			t.Errorf("%s: found %v, want %v", c.name, answer.Checks[i], c.want)
		}
	}
	at, err := app.client.Site(t.Context(), "www")
	if err != nil || at.Current == nil || at.Current.Requests != int64(len(taken)) {
		t.Errorf("%d events were taken, the release serves %+v (%v)", len(taken), at.Current, err)
	}
	oneRequestEach(t, app, len(taken))
}

// oneRequestEach looks that each event that was taken is one request.
func oneRequestEach(t *testing.T, app *server, events int) {
	t.Helper()
	all, err := app.client.HookDeliveries(t.Context(), "www", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	again := slices.DeleteFunc(slices.Clone(all), func(d api.HookDelivery) bool { return d.Decision != "again" })
	released := slices.DeleteFunc(slices.Clone(all), func(d api.HookDelivery) bool { return d.Decision != "release" })
	if len(released) != events || len(again) != events {
		t.Errorf("%d events: %d deliveries asked, %d came again", events, len(released), len(again))
	}
}

// unique drops what is there twice.
func unique(all []any) []any {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(one any) bool {
		known := seen[fmt.Sprint(one)]
		seen[fmt.Sprint(one)] = true
		return known
	})
}

// callsOf are those of a library: as it must be, once more, and as it must not be.
func callsOf(client, dialect, address string) []vendorCall {
	system, _ := cms.Find(dialect)
	now := time.Now().UnixMilli()
	good := vendorCall{Client: client, Address: address, Secret: vendorSecret, ID: client + "-" + dialect, Body: string(system.Sample().Body), At: now, want: http.StatusOK}
	good.name = client + " at " + dialect
	again, forged, tampered, old := good, good, good, good
	again.name += ", once more"
	forged.name, forged.Secret, forged.want = good.name+", another secret", strings.Replace(vendorSecret, "MfKQ", "AAAA", 1), http.StatusForbidden
	tampered.name, tampered.Tamper, tampered.want = good.name+", serialised anew", true, http.StatusForbidden
	old.name, old.At, old.want = good.name+", ten minutes ago", now-600_000, http.StatusForbidden
	calls := []vendorCall{good, again, forged, tampered}
	if client != "octokit" { // which signs no time
		calls = append(calls, old)
	}
	return calls
}

// checksOf are samples of ours, signed by us, for the library to verify.
func checksOf(t *testing.T, client, dialect string) []vendorCheck {
	t.Helper()
	system, _ := cms.Find(dialect)
	d := system.Sample()
	d.URI = "/hooks/www/prh_abc?title=" + url.QueryEscape("a b&c")
	system.Sign(&d, vendorSecret, time.Now())
	good := vendorCheck{Client: client, Secret: vendorSecret, Method: d.Method, Path: d.URI, Headers: map[string]string{}, Body: string(d.Body), name: "our sample of " + dialect + " for " + client, want: true}
	for name := range d.Header {
		good.Headers[strings.ToLower(name)] = d.Header.Get(name)
	}
	bad := good
	bad.name, bad.Body, bad.want = good.name+", tampered with", good.Body+" ", false
	return []vendorCheck{good, bad}
}
