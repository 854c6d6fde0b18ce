//go:build unix

package act

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// rig is an app, a fake GitHub that runs act, a bucket, and a site's repository.
type rig struct {
	t         *testing.T
	app       *app.App
	url       string
	github    *fakegithub.Server
	runners   *runners
	s3        *servers.VersityGW
	tool      string // act
	site      string // the repository's folder
	source    string // this repository, as the action
	none      string // an action that does nothing
	home      string
	build     string
	workflow  string            // the file that the site has copied
	endpoint  string            // of the bucket, as runs reach it
	stands    map[string]string // what stands for actions that are fetched, by name
	env       []string          // more of act's variables
	cancelled map[int64]bool    // under runners.mu
}

func newRig(t *testing.T, build string) *rig {
	t.Helper()
	if testing.Short() {
		t.Skip("runs whole workflows")
	}
	t.Parallel() // a workflow waits most of the time
	r := &rig{t: t, build: build, home: t.TempDir(), cancelled: map[int64]bool{}, workflow: "content-release.yml"}
	r.tool = servers.Tool(t, "act")
	for _, program := range []string{"hugo", "node", "git", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			servers.Missing(t, program, "tools/packages")
		}
	}
	r.s3 = servers.StartVersityGW(t, "www")
	r.endpoint = r.s3.Endpoint
	r.runners = &runners{t: t, rig: r, cmds: map[int64]*exec.Cmd{}, logs: map[int64]*bytes.Buffer{}}
	var err error
	if r.github, err = fakegithub.Start(fakegithub.Options{OnDispatch: r.runners.carryOut}); err != nil {
		t.Fatal(err)
	}
	r.github.AddRepo("acme", "www", fakegithub.ContentRelease())
	r.site, r.source, r.none = r.siteRepo(), r.actionRepo(), r.noAction()
	r.serve()
	t.Cleanup(func() {
		r.killRest()
		r.runners.all.Wait()
		r.github.Close()
		for _, v := range r.github.Violations() {
			t.Errorf("against GitHub's description: %s", v)
		}
		if t.Failed() {
			for id := range r.runners.logs {
				t.Logf("run %d:\n%s", id, r.runners.log(id))
			}
		}
	})
	return r
}

// runToken is a token of role run.
const runToken = "the token of the frontend's repository"

// serve runs the app until the test ends.
func (r *rig) serve() {
	t := r.t
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + l.Addr().String()
	dir := t.TempDir()
	for name, text := range map[string]string{"key": string(r.github.KeyPEM()), "hook": "the webhooks' secret"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	zero, yes := config.Duration(0), true
	hash := sha256.Sum256([]byte(runToken))
	conf := config.Config{
		Tokens: []config.Token{{Name: "frontend", Role: "run", SHA256: hex.EncodeToString(hash[:])}},
		State:  filepath.Join(dir, "state"), URL: r.url, Pages: config.Pages{Access: "token"},
		GitHub: config.GitHub{
			Kind: "github", URL: "https://github.com", APIURL: r.github.URL, AppID: int(r.github.AppID), KeyFile: filepath.Join(dir, "key"),
			Issuer: r.github.Issuer(), WebhookSecretFiles: []string{filepath.Join(dir, "hook")},
		},
		Sites: map[string]config.Site{"www": {
			Title: "The library", TimeZone: "UTC", Runner: "github", Quiet: &zero,
			Retry:  []config.Duration{config.Duration(time.Hour)}, // so that only a test itself runs a job again
			GitHub: config.SiteGitHub{Repository: "acme/www", Workflow: "content-release.yml", Ref: "main", Environment: "production", Deployments: &yes},
		}},
	}
	r.app, err = app.New(t.Context(), app.Options{Config: conf, NewRunner: func(runner.OnEvent) (runner.Runner, error) { return runner.BySite{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ready, over := make(chan struct{}), make(chan error, 1)
	go func() { over <- r.app.Serve(ctx, l, func(net.Addr) { close(ready) }) }()
	<-ready
	r.github.SetHook(r.url+"/v1/github/webhooks", "the webhooks' secret", nil)
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
}

func (r *rig) ask(title string) {
	r.t.Helper()
	if _, err := r.app.Ledger().Accept(r.t.Context(), ledger.Request{Site: "www", Source: release.FromEditor, Actor: "Ada", Title: title}); err != nil {
		r.t.Fatal(err)
	}
}

// until waits until the site is in some way, and gives it.
func (r *rig) until(what string, ok func(release.Site) bool) (site release.Site) {
	r.t.Helper()
	eventually.Succeeds(r.t, "the site to be "+what, func() (err error) {
		if site, err = r.app.Ledger().Site(r.t.Context(), "www"); err == nil && !ok(site) {
			err = fmt.Errorf("it is %s, release %+v, last %+v", site.State, site.Current, site.Last)
		}
		return err
	})
	return site
}

// root is this repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (r *rig) write(dir string, files map[string]string) string {
	r.t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	return dir
}

func (r *rig) git(dir string, args ...string) []byte {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("git %v: %v", args, err)
	}
	return out
}

func (r *rig) commit(dir string) string {
	r.t.Helper()
	r.git(dir, "init", "-q", "-b", "main")
	r.git(dir, "add", "-A")
	r.git(dir, "-c", "user.name=test", "-c", "user.email=test@example.gov", "commit", "-q", "-m", "test")
	return dir
}

// siteRepo is a Hugo site.
func (r *rig) siteRepo() string {
	return r.siteOf(map[string]string{
		"hugo.toml":                  "baseURL = 'https://www.example.gov/'\ntitle = 'The library'\ndisableKinds = ['taxonomy', 'term', 'RSS', 'sitemap']\n",
		"content/_index.md":          "---\ntitle: Welcome to the library\n---\nOpen every day.\n",
		"layouts/index.html":         "<!doctype html><html lang=\"en\"><title>{{ .Title }}</title><h1>{{ .Title }}</h1>{{ .Content }}</html>\n",
		"layouts/404.html":           "<!doctype html><html lang=\"en\"><title>Not found</title><h1>Not found</h1></html>\n",
		"layouts/_default/list.html": "<!doctype html><html lang=\"en\"><title>{{ .Title }}</title></html>\n",
	})
}

// siteOf is a repository with the files of a site that has copied the workflow.
func (r *rig) siteOf(files map[string]string) string {
	workflow, err := os.ReadFile(filepath.Join(root(r.t), ".github", "workflows", r.workflow))
	if err != nil {
		r.t.Fatal(err)
	}
	dir := r.write(r.t.TempDir(), files)
	return r.commit(r.write(dir, map[string]string{".github/workflows/content-release.yml": string(workflow)}))
}

// actionRepo is this repository as a workflow gets it of a release: the action,
// with the checksum of a program that is downloaded.
func (r *rig) actionRepo() string {
	dir, from := r.t.TempDir(), root(r.t)
	for _, name := range strings.Split(strings.TrimRight(string(r.git(from, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "action.yml", ".github")), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) {
			continue // deleted and not committed yet
		}
		if err != nil {
			r.t.Fatal(err)
		}
		r.write(dir, map[string]string{name: string(text)})
	}
	r.write(dir, map[string]string{".github/action/checksums.json": r.released()})
	return r.commit(dir)
}

// released serves the program as a release of it is, and gives the list of its
// checksums.
func (r *rig) released() string {
	r.t.Helper()
	p, err := packed()
	if err != nil {
		r.t.Fatal(err)
	}
	target := runtime.GOOS + "-" + runtime.GOARCH
	files := http.NewServeMux()
	files.HandleFunc("GET /v0.0.1/pressrun-"+target+".gz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(p.gz) // the action sees it if not
	})
	srv := httptest.NewServer(files)
	r.t.Cleanup(srv.Close)
	list, err := json.Marshal(map[string]any{"version": "0.0.1", "url": srv.URL, "sha256": map[string]string{target: p.sum}})
	if err != nil {
		r.t.Fatal(err)
	}
	return string(list)
}

// releasedProgram is the program as it is downloaded.
type releasedProgram struct {
	gz  []byte
	sum string // SHA-256 of the program itself, in hexadecimal
}

// packed is the program, once for all rigs. It is not compressed: under the race detector
// that takes ten seconds, and nobody keeps it.
var packed = sync.OnceValues(func() (p releasedProgram, err error) {
	path, err := program.Build(context.Background(), program.Main)
	if err != nil {
		return p, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256(text)
	p.sum, p.gz = hex.EncodeToString(sum[:]), gzipped(text)
	return p, nil
})

func gzipped(text []byte) []byte {
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.NoCompression) // it fails for unknown levels alone
	_, _ = w.Write(text)                                     // as a buffer never does
	_ = w.Close()
	return packed.Bytes()
}

// noAction stands for the actions that the site's workflow skips: act fetches
// them all the same.
func (r *rig) noAction() string {
	return r.commit(r.write(r.t.TempDir(), map[string]string{
		"action.yml": "name: none\ndescription: does nothing\nruns:\n  using: composite\n  steps:\n    - run: 'echo none'\n      shell: bash\n",
	}))
}

// act is the command that carries a run out, in the site's repository.
func (r *rig) act(run fakegithub.Run) (*exec.Cmd, *bytes.Buffer) {
	event := run.Event
	args := []string{
		event, "-W", ".github/workflows/content-release.yml", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server",
		"--local-repository", "pressrun/pressrun@v0=" + r.source,
		"--var", "PRESSRUN_URL=" + r.url, "--var", "PRESSRUN_SITE=www", "--var", "PRESSRUN_TO=s3://www", "--var", "PRESSRUN_S3_ENDPOINT=" + r.endpoint,
		"--env", "AWS_ACCESS_KEY_ID=" + r.s3.AccessKey, "--env", "AWS_SECRET_ACCESS_KEY=" + r.s3.SecretKey,
		// What act knows nothing of: GitHub's name for the run, and its word on it.
		"--env", "PRESSRUN_RUN_ID=" + strconv.FormatInt(run.ID, 10), "--env", "PRESSRUN_RUN_ATTEMPT=" + strconv.Itoa(run.Attempt),
		"--env", "ACTIONS_ID_TOKEN_REQUEST_URL=" + r.github.RequestURL(run.ID), "--env", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + fakegithub.RequestToken(run.ID),
	}
	for _, action := range r.otherActions() {
		name, _, _ := strings.Cut(action, "@")
		args = append(args, "--local-repository", action+"="+or(r.stands[name], r.none))
	}
	args = append(args, r.env...)
	if r.build != "" {
		args = append(args, "--var", "PRESSRUN_BUILD="+r.build)
	}
	for name, value := range run.Inputs {
		args = append(args, "--input", name+"="+value)
	}
	cmd := exec.Command(r.tool, args...)
	cmd.Dir = r.site
	cmd.Env = append(os.Environ(), "HOME="+r.home, "XDG_CACHE_HOME="+filepath.Join(r.home, "cache"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = 5 * time.Second
	return cmd, log
}

// otherActions are those that the workflow uses besides this one and the checkout,
// which act does itself.
func (r *rig) otherActions() []string {
	text, err := os.ReadFile(filepath.Join(root(r.t), ".github", "workflows", r.workflow))
	if err != nil {
		r.t.Fatal(err)
	}
	var actions []string
	for _, match := range regexp.MustCompile(`uses: ([^ \n]+)`).FindAllStringSubmatch(string(text), -1) {
		if action := match[1]; !strings.HasPrefix(action, "pressrun/") && !strings.HasPrefix(action, "actions/checkout@") && !slices.Contains(actions, action) {
			actions = append(actions, action)
		}
	}
	return actions
}

// killRest ends what runs of act left.
func (r *rig) killRest() {
	r.runners.mu.Lock()
	defer r.runners.mu.Unlock()
	for _, cmd := range r.runners.cmds {
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may be over
		}
	}
}
