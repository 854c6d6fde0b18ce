//go:build linux

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/servers"
)

// root is the repository's.
const root = "../.."

// run carries a command out, and wants it to end well.
func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// stubs is a folder of programs that write down how they were called, in place of those
// that would change this machine.
func stubs(t *testing.T) (path string, calls func() string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	for name, code := range map[string]string{"getent": "2", "useradd": "0", "systemctl": "0", "systemd-sysusers": "0"} {
		script := "#!/bin/sh\necho " + name + " \"$@\" >>" + log + "\nexit " + code + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return "PATH=" + dir + ":" + os.Getenv("PATH"), func() string {
		text, err := os.ReadFile(filepath.Clean(log))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(text)
	}
}

// TestThePackagesInstallAndStartNothing builds both packages, has dpkg install one into
// a folder of its own, and runs the program that is there.
func TestThePackagesInstallAndStartNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the released program")
	}
	servers.Tool(t, "nfpm")
	dpkg := servers.Tool(t, "dpkg")
	dist := t.TempDir()
	run(t, nil, filepath.Join(root, "tools", "linux-packages"), "0.0.1", dist, runtime.GOARCH)
	debs, err := filepath.Glob(filepath.Join(dist, "*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("%v %v", debs, err)
	}
	t.Run("deb", func(t *testing.T) { installs(t, dpkg, debs[0]) })
	t.Run("rpm", func(t *testing.T) {
		rpms, err := filepath.Glob(filepath.Join(dist, "*.rpm"))
		if err != nil || len(rpms) != 1 {
			t.Fatalf("%v %v", rpms, err)
		}
		list := run(t, nil, manifests(t), "rpm", rpms[0])
		for _, want := range []string{
			"pressrun 0.0.1", "-rwxr-xr-x root /usr/bin/pressrun\n", "drwxr-xr-x root /etc/pressrun\n", "-rw-r--r-- root /usr/lib/systemd/system/pressrun.service\n",
			"/usr/share/man/man1/pressrun.1.gz\n", "script postinstall", "script preremove", "script postremove",
		} {
			if !strings.Contains(list, want) {
				t.Errorf("the RPM package has no %q:\n%s", want, list)
			}
		}
	})
}

// installs has dpkg install a package into a folder, then remove it.
func installs(t *testing.T, dpkg, deb string) {
	t.Helper()
	to := t.TempDir()
	for _, dir := range []string{"info", "updates"} {
		if err := os.MkdirAll(filepath.Join(to, "var/lib/dpkg", dir), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(to, "var/lib/dpkg", file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path, calls := stubs(t)
	// The scripts run outside of the folder, which has no shell: they find the stubs.
	into := []string{"--root=" + to, "--force-script-chrootless", "--force-not-root", "--log=" + filepath.Join(to, "log")}
	said := run(t, []string{path}, dpkg, append(into, "--install", deb)...)
	if !strings.Contains(said, "Pressrun is installed, and not started") {
		t.Errorf("it does not say what is next:\n%s", said)
	}
	program := filepath.Join(to, "usr/bin/pressrun")
	if got := run(t, nil, program, "version"); !strings.Contains(got, "0.0.1") {
		t.Errorf("the program says %s", got)
	}
	unit, err := os.ReadFile(filepath.Join(to, "usr/lib/systemd/system/pressrun.service"))
	if err != nil || !strings.Contains(string(unit), "ExecStart=/usr/bin/pressrun serve --config /etc/pressrun/pressrun.yaml") {
		t.Errorf("the unit starts another program: %v\n%s", err, unit)
	}
	run(t, nil, program, "init", "--file", filepath.Join(to, "etc/pressrun/pressrun.yaml"), "--state", filepath.Join(to, "state"), "--save-token", filepath.Join(to, "token"), "--kind", "folder", "--site", "www", "--source", to, "--to", filepath.Join(to, "live"), "--build", "true", "--output", "public")
	run(t, []string{path}, dpkg, append(into, "--remove", "pressrun")...)
	if _, err := os.Stat(program); !os.IsNotExist(err) {
		t.Errorf("the program is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(to, "etc/pressrun/pressrun.yaml")); err != nil {
		t.Errorf("the operator's configuration is gone: %v", err)
	}
	made := calls()
	if !strings.Contains(made, "systemd-sysusers pressrun.conf") {
		t.Errorf("the service has no user: %s", made)
	}
	for _, never := range []string{"start", "restart", "enable --now", "systemctl enable"} {
		if strings.Contains(made, never) {
			t.Errorf("the package starts what nobody asked for: %s", made)
		}
	}
}
