//go:build linux

package packaging

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/test/servers"
)

var built struct {
	once sync.Once
	file string
	said string
}

// manifests is the program that reads manifests and packages with the types and parsers
// of their own makers. It is a module of its own, so that ours does not need them.
func manifests(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		dir, err := os.MkdirTemp("", "manifests")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "manifests")
		cmd := exec.CommandContext(t.Context(), "go", "build", "-C", "testdata/manifests", "-o", file, ".")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.said = fmt.Sprintf("%v: %s", err, out)
			return
		}
		built.file = file
	})
	if built.file == "" {
		servers.Missing(t, "Kubernetes's types", "let go reach the module proxy: "+built.said)
	}
	return built.file
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.file != "" {
		_ = os.RemoveAll(filepath.Dir(built.file)) // a folder of temporary files
	}
	os.Exit(code)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestKubernetesTakesTheManifests(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "packaging/kubernetes/*.yaml"))
	if err != nil || len(files) != 7 {
		t.Fatalf("%v %v", files, err)
	}
	run(t, nil, manifests(t), append([]string{"kubernetes"}, files...)...)
	stateful := read(t, filepath.Join(root, "packaging/kubernetes/statefulset.yaml"))
	for name, c := range map[string]struct{ from, to, want string }{
		"an unknown field":      {"replicas: 1", "replicas: 1\n  replica: 1", `unknown field "replica"`},
		"a doubled one":         {"replicas: 1", "replicas: 1\n  replicas: 1", "already set"},
		"two of them":           {"replicas: 1", "replicas: 2", "expected one replica"},
		"a writable program":    {"readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may do more than it must"},
		"no probe":              {"readinessProbe:", "livenessProbe2:", "unknown field"},
		"a volume that is none": {"name: tmp, mountPath", "name: temp, mountPath", "which is no volume"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(stateful, c.from) {
				t.Fatalf("the manifest has no %q", c.from)
			}
			file := filepath.Join(t.TempDir(), "statefulset.yaml")
			if err := os.WriteFile(file, []byte(strings.Replace(stateful, c.from, c.to, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), manifests(t), "kubernetes", file).CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// What kubectl would send of the replicated form: a Deployment, and no StatefulSet.
func TestKustomizeMakesTheReplicatedForm(t *testing.T) {
	one, replicas := filepath.Join(root, "packaging/kubernetes"), filepath.Join(root, "packaging/kubernetes-replicas")
	made := func(folder string) string {
		out, err := exec.CommandContext(t.Context(), manifests(t), "kustomize", folder).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if got := made(one); !strings.Contains(got, "StatefulSet") {
		t.Errorf("got %s", got)
	}
	if got := made(replicas); strings.Contains(got, "StatefulSet") || !strings.Contains(got, "apps/v1 Deployment") || !strings.Contains(got, "policy/v1 PodDisruptionBudget") {
		t.Errorf("got %s", got)
	}
	deployment := read(t, filepath.Join(replicas, "deployment.yaml"))
	for name, c := range map[string]struct{ from, to, want string }{
		"one alone":               {"replicas: 2", "replicas: 1", "expected several replicas"},
		"a gap at each update":    {"maxUnavailable: 0", "maxUnavailable: 1", "takes a replica away"},
		"an unknown field":        {"minReadySeconds", "minReadySecond", "unknown field"},
		"a selector of something": {"matchLabels: {app.kubernetes.io/name: pressrun}\n  template", "matchLabels: {app.kubernetes.io/name: press}\n  template", "does not select"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(deployment, c.from) {
				t.Fatalf("the manifest has no %q", c.from)
			}
			file := filepath.Join(t.TempDir(), "deployment.yaml")
			if err := os.WriteFile(file, []byte(strings.Replace(deployment, c.from, c.to, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), manifests(t), "kubernetes", file).CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestComposeTakesTheReplicas(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), manifests(t), "compose", filepath.Join(root, "packaging/compose/replicas/compose.yaml")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, service := range []string{"app-1", "app-2", "balancer", "database"} {
		if !strings.Contains(string(out), "service "+service+" ") {
			t.Errorf("no %s in %s", service, out)
		}
	}
}

func TestComposeTakesTheFile(t *testing.T) {
	file := filepath.Join(root, "packaging/compose/compose.yaml")
	run(t, nil, manifests(t), "compose", file)
	for name, change := range map[string][2]string{
		"an unknown key":  {"read_only: true", "readonly: true"},
		"an open port":    {"127.0.0.1:8080:8080", "8080:8080"},
		"a writable root": {"read_only: true", "read_only: false"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := filepath.Join(t.TempDir(), "compose.yaml")
			if err := os.WriteFile(broken, []byte(strings.Replace(read(t, file), change[0], change[1], 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), manifests(t), "compose", broken).CombinedOutput(); err == nil {
				t.Errorf("it is taken: %s", out)
			}
		})
	}
}

// The configurations that come with them are good, once a hash is put in.
func TestTheConfigurationsAreGood(t *testing.T) {
	ledger := filepath.Join(t.TempDir(), "ledger")
	if err := os.WriteFile(ledger, []byte("postgres://pressrun@database/pressrun"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"kubernetes":          configMap(t, "packaging/kubernetes/configmap.yaml"),
		"compose":             read(t, filepath.Join(root, "packaging/compose/pressrun.yaml")),
		"kubernetes-replicas": configMap(t, "packaging/kubernetes-replicas/configmap.yaml"),
		"compose/replicas":    read(t, filepath.Join(root, "packaging/compose/replicas/pressrun.yaml")),
	} {
		text = strings.NewReplacer("/run/secrets/pressrun/ledger", ledger, "/run/secrets/ledger", ledger).Replace(text)
		if _, err := config.Parse(name, t.TempDir(), []byte(text)); err == nil {
			t.Errorf("%s: it starts with a token that anybody can read", name)
		}
		text = strings.Replace(text, "PUT-A-HASH-HERE-see-pressrun-token-new", strings.Repeat("3f786850", 8), 1)
		if _, err := config.Parse(name, t.TempDir(), []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// configMap is the configuration in a manifest.
func configMap(t *testing.T, file string) string {
	t.Helper()
	var m struct {
		Data map[string]string `yaml:"data"`
	}
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(root, file))), &m); err != nil {
		t.Fatal(err)
	}
	return m.Data["pressrun.yaml"]
}

func TestTheFormulaHasEveryChecksum(t *testing.T) {
	list := `{
  "version": "1.2.3",
  "url": "https://github.com/pressrun/pressrun/releases/download",
  "sha256": {
`
	targets := []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64"}
	for i, target := range targets {
		list += fmt.Sprintf("    %q: %q", target, strings.Repeat(fmt.Sprint(i), 64))
		if i < len(targets)-1 {
			list += ","
		}
		list += "\n"
	}
	file := filepath.Join(t.TempDir(), "checksums.json")
	formula := func(text string) (string, error) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), filepath.Join(root, "tools/homebrew-formula"))
		cmd.Env = append(os.Environ(), "CHECKSUMS="+file)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	got, err := formula(list + "  }\n}\n")
	if err != nil || strings.Contains(got, "@") {
		t.Fatalf("%v: %s", err, got)
	}
	for i, target := range targets[:4] {
		want := fmt.Sprintf("url \"https://github.com/pressrun/pressrun/releases/download/v1.2.3/pressrun-%s\"\n      sha256 %q", target, strings.Repeat(fmt.Sprint(i), 64))
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if got, err := formula(strings.Replace(list, "darwin-arm64", "darwin-mips", 1) + "  }\n}\n"); err == nil || !strings.Contains(got, "no checksum of pressrun-darwin-arm64") {
		t.Errorf("a checksum is missing: %v %s", err, got)
	}
}
