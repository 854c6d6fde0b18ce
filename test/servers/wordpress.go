//go:build unix

package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/test/eventually"
)

// WordPress is a real one, with a MariaDB of its own.
type WordPress struct {
	// URL is where it is served.
	URL string
	// User and Password are an administrator's.
	User, Password string

	folder string
	env    []string
}

// Debian's places of what a WordPress consists of.
const (
	wordPressCode   = "/usr/share/wordpress"
	wordPressThemes = "/var/lib/wordpress/wp-content/themes"
)

const wordPressConfig = `<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:%[1]s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as $name ) {
	define( $name . '_KEY', 'a key of a test, ' . $name );
	define( $name . '_SALT', 'a salt of a test, ' . $name );
}
define( 'WP_HOME', '%[2]s' );
define( 'WP_SITEURL', '%[2]s' );
define( 'WP_HTTP_BLOCK_EXTERNAL', true ); // no look for updates
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'DISABLE_WP_CRON', true ); // the test calls wp-cron.php, as a system's cron does
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '%[3]s' );
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
`

const wordPressInstall = `
define( 'WP_INSTALLING', true );
require 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'The library', 'admin', 'admin@example.gov', true, '', '%[1]s' );
update_option( 'permalink_structure', '/%%postname%%/' );
update_option( 'timezone_string', 'America/New_York' );
update_option( 'template', 'twentytwentythree' );
update_option( 'stylesheet', 'twentytwentythree' );
`

const wordPressRouter = `<?php
$file = __DIR__ . parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
if ( is_file( $file ) || is_file( rtrim( $file, '/' ) . '/index.php' ) ) {
	return false;
}
require __DIR__ . '/index.php';
`

// StartWordPress runs a new WordPress until the test ends, with plugins of one
// file, which are active. It comes from Debian ("wordpress", "mariadb-server",
// "php-cli", "php-mysql" and others: tools/packages installs them).
func StartWordPress(t testing.TB, plugins ...string) *WordPress {
	t.Helper()
	if _, err := os.Stat(wordPressCode); err != nil {
		Missing(t, "WordPress, so its plugin is not tried", "tools/packages")
	}
	php := Tool(t, "php")
	folder, err := os.MkdirTemp("", "wp") // a socket's path is bounded to about 100 bytes
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		eventually.Succeeds(t, "WordPress to let its files go", func() error { return os.RemoveAll(folder) })
	})
	w := &WordPress{User: "admin", Password: "the password of a test", folder: folder, env: append(os.Environ(), "PHP_CLI_SERVER_WORKERS=4")}
	address := FreeAddress(t)
	w.URL = "http://" + address
	socket := startMariaDB(t, folder)
	for _, copied := range [][2]string{{wordPressCode, "site"}, {wordPressThemes + "/.", "site/wp-content/themes"}} { // the themes into the site
		if out, err := exec.CommandContext(t.Context(), "cp", "-rLT", copied[0], filepath.Join(folder, copied[1])).CombinedOutput(); err != nil {
			t.Fatalf("copy WordPress: %v\n%s", err, out)
		}
	}
	w.write(t, "wp-config.php", fmt.Sprintf(wordPressConfig, socket, w.URL, w.DebugLog()))
	w.write(t, "router.php", wordPressRouter)
	w.Run(t, fmt.Sprintf(wordPressInstall, w.Password))
	for _, plugin := range plugins {
		code, err := os.ReadFile(filepath.Clean(plugin))
		if err != nil {
			t.Fatal(err)
		}
		w.write(t, filepath.Join("wp-content/plugins", filepath.Base(plugin)), string(code))
		w.Run(t, fmt.Sprintf(`require 'wp-load.php'; require_once ABSPATH . 'wp-admin/includes/plugin.php'; if ( activate_plugin( '%s' ) ) { exit( 1 ); }`, filepath.Base(plugin)))
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), php, "-q", "-S", address, "-t", w.path("."), w.path("router.php"))
	startGroup(t, cmd, w.env)
	WaitHTTP(t, w.URL+"/wp-login.php")
	return w
}

// DebugLog is the file of what PHP complains of.
func (w *WordPress) DebugLog() string { return filepath.Join(w.folder, "debug.log") }

// Run runs a script of PHP in WordPress's folder, and gives what it prints.
func (w *WordPress) Run(t testing.TB, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "php", "-d", "display_errors=stderr", "-r", `$_SERVER['HTTP_HOST'] = '`+w.URL[len("http://"):]+`'; `+script)
	cmd.Dir, cmd.Env = w.path("."), w.env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run %.60q: %v\n%s%s", script, err, out, errs.String())
	}
	return string(out)
}

func (w *WordPress) path(name string) string { return filepath.Join(w.folder, "site", name) }

func (w *WordPress) write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(w.path(name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startMariaDB runs a MariaDB with an empty database, and gives its socket.
func startMariaDB(t testing.TB, folder string) string {
	t.Helper()
	server := Tool(t, "mariadbd")
	data, socket := filepath.Join(folder, "db"), filepath.Join(folder, "db.sock")
	user := "--user=" + me()
	install := exec.CommandContext(t.Context(), Tool(t, "mariadb-install-db"), "--no-defaults", user, "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("prepare MariaDB: %v\n%s", err, out)
	}
	startGroup(t, exec.CommandContext(context.WithoutCancel(t.Context()), server, "--no-defaults", user, "--datadir="+data, "--socket="+socket,
		"--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"), os.Environ())
	eventually.Succeeds(t, "MariaDB", func() error {
		return exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--socket="+socket, "-u", "root", "-e", "CREATE DATABASE IF NOT EXISTS wordpress").Run()
	})
	return socket
}

// me is the user of this process, whom MariaDB must be told when it is root.
func me() string {
	if os.Geteuid() == 0 {
		return "root"
	}
	return os.Getenv("USER")
}

// startGroup starts a server that has children, and ends them all with the test.
func startGroup(t testing.TB, cmd *exec.Cmd, env []string) {
	t.Helper()
	output := new(bytes.Buffer)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	t.Cleanup(func() {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("end %s: %v", cmd.Path, err)
		}
		_ = cmd.Wait() // "signal: killed", as meant
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(cmd.Path), output)
		}
	})
}
