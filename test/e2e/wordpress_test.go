//go:build unix

package e2e

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/test/browser"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

const wordPressPlugin = "../../examples/cms/wordpress/pressrun.php"

const signingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestTheWordPressPluginIsPHP(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), servers.Tool(t, "php"), "-l", wordPressPlugin).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// newsroom is a WordPress whose public site an app releases.
type newsroom struct {
	browser.Screen
	wp     *servers.WordPress
	app    *server
	public string // the folder of the public site
	hook   string // the hook's address
}

// newNewsroom starts both, with an administrator at the browser. The site is built of
// what WordPress's API tells.
func newNewsroom(t *testing.T) *newsroom {
	t.Helper()
	n := &newsroom{Screen: browser.Screen{T: t, Ctx: browser.Start(t)}, wp: servers.StartWordPress(t, wordPressPlugin)}
	secret := filepath.Join(t.TempDir(), "wordpress.secret")
	if err := os.WriteFile(secret, []byte(signingSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`mkdir -p out && php -r 'file_put_contents("out/index.html", "<!doctype html><title>News</title>" . file_get_contents("%s/wp-json/wp/v2/posts"));'`, n.wp.URL)
	site, published := folderSite(t, script)
	site["hooks"] = []any{map[string]any{"name": "wordpress", "dialect": "wordpress", "secret_file": secret}}
	site["time_zone"] = "America/New_York"
	n.public = published
	n.app = configure(t, stateFolder(t), "www", site)
	n.app.start(t)
	made, err := n.app.client.NewHookAddress(t.Context(), "www", "wordpress")
	if err != nil {
		t.Fatal(err)
	}
	n.hook = made.Address
	n.Do(chromedp.Navigate(n.wp.URL + "/wp-login.php"))
	n.Await(`document.readyState === "complete"`)
	// WordPress moves the focus by a timer of its own: keys could go astray.
	n.Eval(fmt.Sprintf(`user_login.value = %q; user_pass.value = %q; loginform.submit(); ""`, n.wp.User, n.wp.Password))
	n.Await(`document.getElementById("wpadminbar")`)
	return n
}

// open shows a page of the administration.
func (n *newsroom) open(path string) {
	n.T.Helper()
	n.Do(chromedp.Navigate(n.wp.URL + "/wp-admin/" + path))
	n.Await(`document.readyState === "complete"`)
}

// connect does what docs/cms/wordpress.md says, and tries the hook.
func (n *newsroom) connect() {
	n.T.Helper()
	n.open("options-general.php?page=pressrun")
	n.Do(chromedp.SendKeys("#pressrun_hook", n.hook), chromedp.SendKeys("#pressrun_secret", signingSecret), chromedp.SendKeys("#pressrun_token", operatorToken+kb.Enter))
	n.Await(`document.body.innerText.includes("Settings saved")`)
	n.Do(chromedp.Click("#pressrun-test"))
	n.AwaitText("pressrun-told", "It is only a test of the hook")
}

// publish writes a post in the block editor and presses its buttons.
func (n *newsroom) publish(title string) {
	n.T.Helper()
	n.open("post-new.php")
	n.Await(`window.wp && wp.data && wp.data.select("core/editor").getCurrentPostId() && document.querySelector(".editor-post-publish-panel__toggle")`)
	n.Eval(fmt.Sprintf(`wp.data.dispatch("core/editor").editPost({title: %q, content: "<!-- wp:paragraph --><p>Text</p><!-- /wp:paragraph -->"}); ""`, title))
	n.Await(`!document.querySelector(".editor-post-publish-panel__toggle[aria-disabled=true]")`)
	n.Eval(`document.querySelector(".editor-post-publish-panel__toggle").click(); ""`)
	n.Await(`document.querySelector(".editor-post-publish-panel .editor-post-publish-button:not([aria-disabled=true])")`)
	n.Eval(`document.querySelector(".editor-post-publish-panel .editor-post-publish-button").click(); ""`)
	n.Await(`wp.data.select("core/editor").isCurrentPostPublished() && !wp.data.select("core/editor").isSavingPost()`)
}

// row waits until the list says something of a post.
func (n *newsroom) row(title, want string) {
	n.T.Helper()
	n.open("edit.php")
	n.Await(fmt.Sprintf(`[...document.querySelectorAll("#the-list tr")].some(r => r.innerText.includes(%q) && r.querySelector("td.column-pressrun").innerText.includes(%q))`, title, want))
}

// cron does what a system's cron does each minute.
func (n *newsroom) cron() { get(n.T, n.wp.URL+"/wp-cron.php?doing_wp_cron") }

func (n *newsroom) deliveries() []api.HookDelivery {
	n.T.Helper()
	all, err := n.app.client.HookDeliveries(n.T.Context(), "www", "", 100)
	if err != nil {
		n.T.Fatal(err)
	}
	return all
}

func (n *newsroom) page() string {
	n.T.Helper()
	text, err := os.ReadFile(filepath.Join(n.public, "index.html"))
	if err != nil {
		n.T.Fatal(err)
	}
	return string(text)
}

// TestAnEditorOfWordPressSeesWhatBecomesOfAChange is what docs/cms/wordpress.md
// promises, with a real WordPress, MariaDB and browser.
func TestAnEditorOfWordPressSeesWhatBecomesOfAChange(t *testing.T) {
	n := newNewsroom(t)
	n.connect()

	const title = `Snow <b>day</b> & "more"`
	n.publish(title)
	n.row("Snow", "live since")
	n.Picture("wordpress-posts")
	n.Await(`document.querySelector("#wp-admin-bar-pressrun [data-pressrun]").innerText.includes("Ready")`)
	if page := n.page(); !strings.Contains(page, "Snow") {
		t.Errorf("the public site is %s", page)
	}
	all := n.deliveries()
	if len(all) != 2 || all[0].Event != "post.published" || all[0].Decision != "release" || all[0].Title != `Snow day & "more"` || all[0].Actor != "admin" || all[1].Event != "hook.test" {
		t.Errorf("told by one publishing: %+v", all)
	}

	n.changesThatAreNone()
	n.whileTheAppIsAway()
	n.scheduled()

	n.open("edit.php")
	n.Eval(`[...document.querySelectorAll("#the-list tr")].find(r => r.innerText.includes("Snow")).querySelector("a.submitdelete").click(); ""`)
	n.Await(`document.body.innerText.includes("moved to the Trash")`)
	eventually.Holds(t, "the public site without the post", func() bool { return !strings.Contains(n.page(), "Snow") })
	if all := n.deliveries(); all[0].Event != "post.trashed" {
		t.Errorf("told of the trash: %+v", all[0])
	}
	n.uninstall()
}

// changesThatAreNone are drafts and automatic saves, which no reader sees.
func (n *newsroom) changesThatAreNone() {
	n.T.Helper()
	before := len(n.deliveries())
	n.wp.Run(n.T, `require 'wp-load.php'; $id = wp_insert_post( array( 'post_title' => 'Only a draft', 'post_status' => 'draft' ) );
		wp_update_post( array( 'ID' => $id, 'post_content' => 'more' ) ); wp_save_post_revision( $id ); wp_delete_post( $id, true );`)
	if all := n.deliveries(); len(all) != before {
		n.T.Errorf("told of a draft: %+v", all[0])
	}
	// Two saves at once are one change.
	n.wp.Run(n.T, `require 'wp-load.php'; $id = wp_insert_post( array( 'post_title' => 'Twice', 'post_status' => 'publish' ) ); wp_update_post( array( 'ID' => $id, 'post_content' => 'more' ) );`)
	if all := n.deliveries(); len(all) != before+1 || all[0].Event != "post.published" {
		n.T.Errorf("told of two saves at once: %+v", all)
	}
}

// whileTheAppIsAway shows that a change is told once it is back, and once only.
func (n *newsroom) whileTheAppIsAway() {
	n.T.Helper()
	before := len(n.deliveries())
	n.app.stop(n.T)
	n.publish("Open late")
	n.open("edit.php")
	n.Await(`document.querySelector("#wp-admin-bar-pressrun").innerText.includes("not reached, tried again")`)
	n.app.start(n.T)
	n.wp.Run(n.T, `require 'wp-load.php'; global $wpdb;
		foreach ( \Pressrun\outbox() as $name => $row ) { $row['next'] = 0; update_option( $name, $row, 'no' ); }
		wp_clear_scheduled_hook( 'pressrun_send' ); wp_schedule_single_event( time() - 1, 'pressrun_send' );`) // as if a minute had passed
	n.cron()
	eventually.Holds(n.T, "the change to be told", func() bool { return len(n.deliveries()) == before+1 })
	n.row("Open late", "live since")
	n.cron()
	if all := n.deliveries(); len(all) != before+1 {
		n.T.Errorf("told again: %+v", all[0])
	}
}

// scheduled shows that what is to be published later is asked for at its time.
func (n *newsroom) scheduled() {
	n.T.Helper()
	n.wp.Run(n.T, `require 'wp-load.php'; wp_insert_post( array( 'post_title' => 'In three hours', 'post_status' => 'future', 'post_date_gmt' => gmdate( 'Y-m-d H:i:s', time() + 10800 ), 'post_date' => get_date_from_gmt( gmdate( 'Y-m-d H:i:s', time() + 10800 ) ) ) );`)
	last := n.deliveries()[0]
	r, err := n.app.client.Request(n.T.Context(), last.Request)
	if err != nil || last.Event != "post.scheduled" || r.NotBefore == nil {
		n.T.Errorf("%+v, %+v, %v", last, r, err)
	}
	n.row("In three hours", "goes out at")
}

// uninstall looks that nothing of the plugin is left, and that PHP had nothing to say.
func (n *newsroom) uninstall() {
	n.T.Helper()
	left := n.wp.Run(n.T, `require 'wp-load.php'; require_once ABSPATH . 'wp-admin/includes/plugin.php'; deactivate_plugins( 'pressrun.php' ); uninstall_plugin( 'pressrun.php' );
		global $wpdb; echo $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->options} WHERE option_name LIKE 'pressrun%'" ) + $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->postmeta} WHERE meta_key = '_pressrun'" );`)
	if left != "0" {
		n.T.Errorf("%s rows are left", left)
	}
	log, err := os.ReadFile(n.wp.DebugLog())
	if err == nil {
		for line := range strings.Lines(string(log)) {
			if strings.Contains(line, "pressrun") {
				n.T.Errorf("PHP says %s", line)
			}
		}
	}
	secret, err := url.Parse(n.hook)
	if err != nil {
		n.T.Fatal(err)
	}
	if strings.Contains(string(log), secret.Path) {
		n.T.Error("the address is in PHP's log")
	}
}
