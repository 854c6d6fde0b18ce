//go:build unix

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// contentToCopy makes 130 posts, so that there are two pages of them, drafts, pages, a
// category and a picture's entry, an hour ago.
const contentToCopy = `require 'wp-load.php';
$news = wp_insert_term( 'News', 'category' )['term_id'];
for ( $i = 1; $i <= 130; $i++ ) {
	wp_insert_post( array( 'post_title' => "Post $i & <b>more</b>", 'post_content' => "Text $i", 'post_status' => $i % 13 ? 'publish' : 'draft', 'post_category' => array( $news ), 'post_author' => 1, 'post_date_gmt' => gmdate( 'Y-m-d H:i:s', time() - 3600 - $i ) ) );
}
wp_insert_post( array( 'post_title' => 'About us', 'post_name' => 'about-us', 'post_type' => 'page', 'post_status' => 'publish', 'post_author' => 1 ) );
global $wpdb;
$wpdb->query( "UPDATE $wpdb->posts SET post_modified = DATE_SUB( post_modified, INTERVAL 1 HOUR ), post_modified_gmt = DATE_SUB( post_modified_gmt, INTERVAL 1 HOUR )" );`

// copied is what the export of a CMS tells.
type copied struct {
	Records, Added, Changed, Removed int
	Full, Unchanged                  bool
	Consistency, Folder              string
	Types                            map[string]int
	Requests                         int
}

// exporting runs pressrun export.
func exporting(t *testing.T, bin string, args ...string) (c copied) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bin, append([]string{"export", "--json"}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs.String())
	}
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

// A real WordPress is copied as its visitors see it, and kept current by what changed.
func TestAWordPressIsCopied(t *testing.T) {
	t.Parallel()
	wp := servers.StartWordPress(t)
	wp.Run(t, contentToCopy)
	bin, err := program.Build(t.Context(), "github.com/pressrun/pressrun/cmd/pressrun")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "content")
	args := []string{wp.URL, dir, "--kind", "wordpress"}
	first := exporting(t, bin, args...)
	if !first.Full || first.Consistency != "quiet" || first.Types["posts"] != 121 || first.Types["pages"] < 2 || first.Types["categories"] != 2 || first.Types["users"] != 1 {
		t.Errorf("the first copy: %+v", first) // 120 of ours, and "Hello world!"
	}
	if second := exporting(t, bin, args...); !second.Unchanged || second.Full {
		t.Errorf("nothing changed, but the copy is %+v", second)
	}
	wp.Run(t, `require 'wp-load.php';
		wp_update_post( array( 'ID' => get_page_by_path( 'about-us' )->ID, 'post_content' => 'Changed' ) );
		$posts = get_posts( array( 'numberposts' => 3, 'post_status' => 'publish' ) );
		wp_trash_post( $posts[0]->ID );
		wp_delete_post( $posts[1]->ID, true );
		wp_update_post( array( 'ID' => $posts[2]->ID, 'post_status' => 'draft' ) );
		wp_insert_post( array( 'post_title' => 'A new one', 'post_name' => 'a-new-one', 'post_status' => 'publish', 'post_author' => 1 ) );
		wp_update_term( get_term_by( 'name', 'News', 'category' )->term_id, 'category', array( 'name' => 'Newest' ) );`)
	third := exporting(t, bin, args...)
	if third.Full || third.Added != 1 || third.Removed != 3 || third.Changed < 2 || third.Consistency != "quiet" {
		t.Errorf("the copy after changes: %+v", third)
	}
	sameAsWordPress(t, wp.URL, third.Folder)
}

// sameAsWordPress compares the copy's posts with what the API gives.
func sameAsWordPress(t *testing.T, address, folder string) {
	t.Helper()
	for _, page := range []string{"1", "2"} {
		resp, err := http.Get(address + "/wp-json/wp/v2/posts?per_page=100&orderby=id&order=asc&page=" + page)
		if err != nil {
			t.Fatal(err)
		}
		var posts []json.RawMessage
		err = json.NewDecoder(resp.Body).Decode(&posts)
		_ = resp.Body.Close()
		if err != nil || len(posts) == 0 {
			t.Fatalf("%d posts, %v", len(posts), err)
		}
		for _, post := range posts {
			var named struct {
				ID json.Number `json:"id"`
			}
			if err := json.Unmarshal(post, &named); err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(filepath.Join(folder, "posts", named.ID.String()+".json"))
			if err != nil || string(raw) != string(post) {
				t.Errorf("post %s is %.200s (%v), want %.200s", named.ID, raw, err, post)
			}
		}
	}
}
