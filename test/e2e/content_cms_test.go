//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// exported runs pressrun export, and gives what it says.
func exported(t *testing.T, binary string, args ...string) (r struct {
	Records, Added, Changed, Removed int
	Full                             bool
	Consistency                      string
},
) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, append([]string{"export", "--json"}, args...)...).Output()
	if err != nil {
		t.Fatalf("%v: %.1000s", err, out)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %.1000s", err, out)
	}
	return r
}

// written writes so many posts into a Ghost, and gives them.
func (n *newsletter) written(count int) (posts []map[string]any) {
	n.t.Helper()
	for i := range count {
		post := map[string]any{"title": fmt.Sprintf("Notice %d", i), "slug": fmt.Sprintf("notice-%d", i), "status": "published", "html": fmt.Sprintf("<p>The text of notice %d.</p>", i)}
		if i == 0 {
			post["title"], post["slug"], post["status"] = "A secret draft", "secret-draft", "draft"
		}
		posts = append(posts, n.first(n.call("POST", "posts/?source=html", map[string]any{"posts": []any{post}}), "posts"))
	}
	return posts
}

// A real Ghost: all is exported, then what changed; and its pages are baked, without what
// only its editors see.
func TestAGhostIsExportedAndBaked(t *testing.T) {
	folder := os.Getenv("PRESSRUN_GHOST")
	if folder == "" {
		t.Skip("SKIPPED: make e2e-cms installs a Ghost, which takes minutes, and runs this test")
	}
	binary, err := program.Build(t.Context(), "../../cmd/pressrun")
	if err != nil {
		t.Fatal(err)
	}
	n := startGhost(t, folder)
	made := n.first(n.call("POST", "integrations/?include=api_keys", map[string]any{"integrations": []any{map[string]any{"name": "Pressrun"}}}), "integrations")
	key := ""
	for _, one := range made["api_keys"].([]any) {
		if k := one.(map[string]any); k["type"] == "content" {
			key, _ = k["secret"].(string)
		}
	}
	posts := n.written(121)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "content")
	args := []string{n.url, copied, "--kind", "ghost", "--token-file", token}
	first := exported(t, binary, args...)
	if first.Records < 120 || !first.Full || first.Consistency != "quiet" {
		t.Errorf("the first export: %+v", first)
	}
	if out, err := exec.CommandContext(t.Context(), "grep", "-rl", "secret-draft", copied).Output(); err == nil {
		t.Errorf("a draft was exported: %s", out)
	}
	dir := filepath.Join(t.TempDir(), "public")
	a, err := bakeWordPress(t, binary, n.url, dir, "--public-url", "https://www.example.gov", "--canary", "/notice-7/=The text of notice 7.")
	if err != nil || a.Counts.Pages < 120 || a.Counts.Unaccounted != 0 {
		t.Fatalf("%v: %+v, refused %+v, notes %q", err, a.Counts, a.Refused, a.Notes)
	}
	if _, err := os.Stat(filepath.Join(dir, "secret-draft")); !os.IsNotExist(err) {
		t.Errorf("a draft was baked: %v", err)
	}
	changed := posts[5]
	n.call("PUT", fmt.Sprintf("posts/%s/", changed["id"]), map[string]any{"posts": []any{map[string]any{"title": "Notice 5, corrected", "updated_at": changed["updated_at"]}}})
	n.call("DELETE", fmt.Sprintf("posts/%s/", posts[9]["id"]), map[string]any{})
	if next := exported(t, binary, args...); next.Full || next.Changed < 1 || next.Removed < 1 || next.Consistency != "quiet" {
		t.Errorf("the second export: %+v", next)
	}
	a, err = bakeWordPress(t, binary, n.url, dir, "--public-url", "https://www.example.gov")
	if err != nil || a.Counts.Gone < 1 || a.Counts.Changed < 1 {
		t.Errorf("%v: %+v, refused %+v", err, a.Counts, a.Refused)
	}
	page, err := os.ReadFile(filepath.Join(dir, "notice-5", "index.html"))
	if err != nil || !strings.Contains(string(page), "Notice 5, corrected") {
		t.Errorf("the corrected page: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "notice-9", "index.html")); !os.IsNotExist(err) {
		t.Errorf("a deleted page is still there: %v", err)
	}
}

// fillLargeWordPress writes 300 posts in five categories, and gives one another address.
const fillLargeWordPress = `
require 'wp-load.php';
wp_set_current_user( 1 );
wp_defer_term_counting( true );
wp_suspend_cache_invalidation( true );
$categories = array();
for ( $i = 1; $i <= 5; $i++ ) { $t = wp_insert_term( "Subject $i", 'category' ); $categories[] = $t['term_id']; }
for ( $i = 1; $i <= 300; $i++ ) {
	$ids[ $i ] = wp_insert_post( array( 'post_title' => "Notice $i", 'post_name' => "notice-$i", 'post_status' => 'publish', 'post_category' => array( $categories[ $i % 5 ] ),
		'post_date' => sprintf( '2026-%02d-%02d 10:00:00', 1 + $i % 10, 1 + $i % 28 ),
		'post_content' => "<p>The text of notice $i.</p><p><a href='" . home_url( '/notice-' . ( 1 + $i % 300 ) . '/' ) . "'>next</a></p>" ) );
}
wp_insert_post( array( 'post_title' => 'A secret draft', 'post_name' => 'secret-draft', 'post_status' => 'draft', 'post_content' => 'not yet public' ) );
wp_suspend_cache_invalidation( false );
wp_defer_term_counting( false );
clean_post_cache( $ids[8] );
wp_update_post( array( 'ID' => $ids[8], 'post_name' => 'notice-eight' ) );
`

// A WordPress of some size: pagers, archives, a page that has moved; then a page is deleted
// and the menu changes on all pages. A link checker that is not ours reads it.
func TestALargeWordPressIsBaked(t *testing.T) {
	if os.Getenv("PRESSRUN_E2E_CMS") == "" {
		t.Skip("SKIPPED: make e2e-cms runs this test, which takes minutes")
	}
	linkchecker := servers.Tool(t, "linkchecker")
	wp := servers.StartWordPress(t)
	wp.Run(t, fillLargeWordPress)
	binary, err := program.Build(t.Context(), "../../cmd/pressrun")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "public")
	public := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer public.Close()
	args := []string{"--public-url", public.URL, "--extra", "/notice-8/"}
	a, err := bakeWordPress(t, binary, wp.URL, dir, args...)
	if err != nil {
		t.Fatalf("%v: refused %+v, notes %q", err, a.Refused, a.Notes)
	}
	t.Logf("%d pages, %d requests, %.1f s: %+v", a.Counts.Pages, a.Requests, a.Seconds, a.Counts)
	if a.Counts.Pages < 350 || a.Counts.Unaccounted != 0 || a.Counts.Redirects == 0 {
		t.Errorf("%+v", a.Counts)
	}
	for _, name := range []string{"page/30/index.html", "category/subject-1/page/2/index.html", "notice-eight/index.html", "notice-300/index.html"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Errorf("%s is missing: %v", name, err)
		}
	}
	redirects, err := os.ReadFile(filepath.Join(dir, "_redirects"))
	if err != nil || !strings.Contains(string(redirects), "/notice-8/ /notice-eight/ 301") {
		t.Errorf("_redirects: %.500s (%v)", redirects, err)
	}
	// The file server here has no redirects: the pages that led to the old address are mended.
	wp.Run(t, `require 'wp-load.php'; $p = get_page_by_path( 'notice-7', OBJECT, 'post' ); wp_update_post( array( 'ID' => $p->ID, 'post_content' => '<p>The text of notice 7.</p>' ) );
wp_delete_post( get_page_by_path( 'notice-100', OBJECT, 'post' )->ID, true );
$p = get_page_by_path( 'notice-99', OBJECT, 'post' ); wp_update_post( array( 'ID' => $p->ID, 'post_content' => '<p>The last one.</p>' ) );
wp_insert_post( array( 'post_title' => 'In the menu now', 'post_name' => 'menu-now', 'post_type' => 'page', 'post_status' => 'publish', 'post_content' => 'new' ) );`)
	a, err = bakeWordPress(t, binary, wp.URL, dir, args...)
	if err != nil || a.Counts.Gone == 0 || a.Counts.Changed < 300 {
		t.Errorf("%v: %+v, refused %+v", err, a.Counts, a.Refused)
	}
	home, err := os.ReadFile(filepath.Join(dir, "notice-300", "index.html"))
	if err != nil || !strings.Contains(string(home), "In the menu now") {
		t.Errorf("the menu has not changed (%v)", err)
	}
	readBack(t, linkchecker, public.URL)
}
