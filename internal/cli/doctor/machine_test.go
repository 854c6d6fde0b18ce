package doctor

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/test/servers"
)

// well is a configuration of which all is well, in a new folder.
func well(t *testing.T) *config.Config {
	t.Helper()
	folder := t.TempDir()
	source := filepath.Join(folder, "source")
	if err := os.Mkdir(source, 0o700); err != nil {
		t.Fatal(err)
	}
	return &config.Config{
		Listen: servers.FreeAddress(t), State: filepath.Join(folder, "state"),
		Sites: map[string]config.Site{"www": {
			Runner: config.RunnerLocal, Source: config.Source{Folder: source},
			Build: config.Build{Command: "true", Output: "public"}, Deploy: config.Deploy{To: "file://" + filepath.Join(folder, "www", "live")},
		}},
	}
}

func find(t *testing.T, checks []api.GitHubCheck, name string) api.GitHubCheck {
	t.Helper()
	for _, check := range checks {
		if check.Name == name {
			return check
		}
	}
	t.Fatalf("no check %q in %+v", name, checks)
	return api.GitHubCheck{}
}

func TestAMachineThatIsWell(t *testing.T) {
	conf := well(t)
	for _, check := range Machine(t.Context(), conf) {
		if check.Result != ok {
			t.Errorf("%+v", check)
		}
	}
	if _, err := os.Stat(conf.State); err == nil {
		t.Error("the doctor made the state's folder")
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(conf.State), "*", ".pressrun-doctor-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left %q behind, %v", left, err)
	}
}

func TestWhatTheDoctorFinds(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, check, result, found, do string
		ill                            func(*config.Config, *config.Site)
	}{
		{"a state in a file", "state folder", failed, "not a directory", "chown", func(c *config.Config, _ *config.Site) { c.State = filepath.Join(file, "state") }},
		{"no such address", "address", failed, "can't be listened on", "listen", func(c *config.Config, _ *config.Site) { c.Listen = "192.0.2.1:8080" }},
		{"no source", "source", failed, "no such file", "source.folder", func(_ *config.Config, s *config.Site) { s.Source.Folder += "-not" }},
		{"no repository", "source", failed, "not-there", "git's credentials", func(_ *config.Config, s *config.Site) {
			s.Source = config.Source{Git: filepath.Join(filepath.Dir(file), "not-there")}
		}},
		{"no program", "build", failed, "hugo-of-nobody", "Install it", func(_ *config.Config, s *config.Site) { s.Build.Command = "hugo-of-nobody --minify" }},
		{"a destination in a file", "destination", failed, "not a directory", "writable", func(_ *config.Config, s *config.Site) { s.Deploy.To = "file://" + file + "/www/live" }},
		{"a store that is away", "destination", failed, "can't be reached", "deploy.endpoint", func(_ *config.Config, s *config.Site) {
			s.Deploy = config.Deploy{To: "s3://bucket", Endpoint: "http://127.0.0.1:1", Region: "us-east-1"}
		}},
		{"a secret that is not there", "secret of hook cms", failed, "no such file", "Put the secret there", func(_ *config.Config, s *config.Site) {
			s.Hooks = []config.Hook{{Name: "cms", SecretFile: file + "-not"}}
		}},
		{"a variable that is not set", "secret of hook cms", unknown, "PRESSRUN_NOT_SET is not set here", "environment", func(_ *config.Config, s *config.Site) {
			s.Hooks = []config.Hook{{Name: "cms", SecretEnv: "PRESSRUN_NOT_SET"}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := well(t)
			site := conf.Sites["www"]
			c.ill(conf, &site)
			conf.Sites["www"] = site
			got := find(t, Machine(t.Context(), conf), c.check)
			if got.Result != c.result || !strings.Contains(got.Detail, c.found) || !strings.Contains(got.Do, c.do) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestWhoListensOnTheAddress(t *testing.T) {
	for name, status := range map[string]int{ok: http.StatusOK, failed: http.StatusNotFound} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(other.Close)
		if got := port(t.Context(), &config.Config{Listen: other.Listener.Addr().String()}); got.Result != name {
			t.Errorf("what answers %d: %+v", status, got)
		}
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { // who hangs up is no app
		for ctx.Err() == nil {
			if c, err := silent.Accept(); err == nil {
				_ = c.Close()
			}
		}
	}()
	t.Cleanup(func() { cancel(); _ = silent.Close() })
	if got := port(t.Context(), &config.Config{Listen: silent.Addr().String()}); got.Result != failed {
		t.Errorf("%+v", got)
	}
}

func TestARepositoryAndItsBranch(t *testing.T) {
	repo := t.TempDir()
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch", "main"},
		{"-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--allow-empty", "-m", "first"},
	} {
		if out, err := exec.CommandContext(t.Context(), servers.Tool(t, "git"), append([]string{"-C", repo}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for ref, want := range map[string]string{"main": ok, "": ok, "gone": unknown} {
		if got := find(t, repository(t.Context(), config.Source{Git: repo, Ref: ref}), "source"); got.Result != want {
			t.Errorf("%q: %+v", ref, got)
		}
	}
}

func TestASiteOnGitHubNeedsNothingOfThisMachine(t *testing.T) {
	if got := site(t.Context(), config.Site{Runner: config.RunnerGitHub}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
