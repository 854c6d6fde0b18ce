//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// fillWordPress writes posts with pictures, pages, a draft, and one that nothing links to.
const fillWordPress = `
require 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
wp_set_current_user( 1 );
$upload = wp_upload_dir();
$picture = imagecreatetruecolor( 1600, 900 );
imagejpeg( $picture, $upload['path'] . '/town.jpg' );
$id = wp_insert_attachment( array( 'post_mime_type' => 'image/jpeg', 'post_title' => 'town', 'post_status' => 'inherit' ), $upload['path'] . '/town.jpg' );
wp_update_attachment_metadata( $id, wp_generate_attachment_metadata( $id, $upload['path'] . '/town.jpg' ) );
$image = wp_get_attachment_image( $id, 'large' );
for ( $i = 1; $i <= 12; $i++ ) {
	wp_insert_post( array( 'post_title' => "Notice $i", 'post_name' => "notice-$i", 'post_status' => 'publish', 'post_category' => array( 1 + $i % 1 ),
		'post_date' => sprintf( '2026-%02d-%02d 10:00:00', 1 + $i % 9, 1 + $i % 28 ),
		'post_content' => "<p>The text of notice $i.</p>$image<pre>&lt;a href=&quot;x&quot;&gt;</pre><p><a href='" . home_url( '/notice-' . ( 1 + $i % 12 ) . '/' ) . "'>next</a></p>" ) );
}
wp_insert_post( array( 'post_title' => 'A secret draft', 'post_name' => 'secret-draft', 'post_status' => 'draft', 'post_content' => 'not yet public' ) );
wp_insert_post( array( 'post_title' => 'Thanks', 'post_name' => 'thanks', 'post_type' => 'page', 'post_status' => 'publish', 'post_content' => 'thanks' ) );
`

// bakeWordPress bakes one with the program, and gives the account.
func bakeWordPress(t *testing.T, binary, cms, public string, more ...string) (judge.Account, error) {
	t.Helper()
	args := append([]string{"bake", cms, public, "--json"}, more...)
	cmd := exec.CommandContext(t.Context(), binary, args...)
	out, err := cmd.Output()
	var a judge.Account
	if len(out) > 0 {
		if err := json.Unmarshal(out, &a); err != nil {
			t.Fatalf("%v: %.500s", err, out)
		}
	}
	return a, err
}

func TestAWordPressIsBakedPublishedAndReadBack(t *testing.T) {
	t.Parallel()
	linkchecker := servers.Tool(t, "linkchecker")
	wp := servers.StartWordPress(t)
	wp.Run(t, fillWordPress)
	binary, err := program.Build(t.Context(), "../../cmd/pressrun")
	if err != nil {
		t.Fatal(err)
	}
	gw := servers.StartVersityGW(t, "www")
	public := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(gw.Data, "www"))))
	t.Cleanup(public.Close)
	dir := filepath.Join(t.TempDir(), "public")
	a, err := bakeWordPress(t, binary, wp.URL, dir, "--public-url", public.URL, "--canary", "/notice-1/=The text of notice 1.")
	if err != nil {
		t.Fatalf("%v: refused %+v, notes %q", err, a.Refused, a.Notes)
	}
	if a.Counts.Pages < 20 || a.Counts.Unaccounted != 0 {
		t.Errorf("%+v", a.Counts)
	}
	checkBaked(t, dir, wp.URL)
	deploy := exec.CommandContext(t.Context(), binary, "deploy", dir, "s3://www", "--endpoint", gw.Endpoint)
	deploy.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+gw.AccessKey, "AWS_SECRET_ACCESS_KEY="+gw.SecretKey, "AWS_REGION="+servers.Region)
	if out, err := deploy.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	readBack(t, linkchecker, public.URL)

	wp.Run(t, `require 'wp-load.php'; $p = get_page_by_path( 'notice-7', OBJECT, 'post' ); wp_update_post( array( 'ID' => $p->ID, 'post_title' => 'Notice 7, corrected' ) );
wp_delete_post( get_page_by_path( 'thanks' )->ID, true );`)
	a, err = bakeWordPress(t, binary, wp.URL, dir, "--public-url", public.URL)
	if err != nil || a.Counts.Gone == 0 || a.Counts.Changed == 0 {
		t.Errorf("%v: %+v, refused %+v", err, a.Counts, a.Refused)
	}
	if _, err := os.Stat(filepath.Join(dir, "thanks", "index.html")); !os.IsNotExist(err) {
		t.Errorf("a deleted page is still there: %v", err)
	}
}

// checkBaked looks for what must be in the folder, and what must not.
func checkBaked(t *testing.T, dir, cms string) {
	t.Helper()
	for _, name := range []string{"index.html", "notice-12/index.html", "thanks/index.html", "page/2/index.html", "feed/index.html", "wp-sitemap.xml", "404.html", "_headers"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Errorf("%s is missing: %v", name, err)
		}
	}
	sizes, host := 0, strings.TrimPrefix(cms, "http://")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), host) {
			t.Errorf("%s names the CMS", path)
		}
		if strings.Contains(string(text), "A secret draft") || strings.Contains(string(text), `id="wpadminbar"`) {
			t.Errorf("%s shows what only editors see", path)
		}
		if strings.HasPrefix(d.Name(), "town-") {
			sizes++
		}
		return err
	})
	if err != nil || sizes < 3 {
		t.Errorf("%d sizes of a picture: %v", sizes, err)
	}
}

// apis are what WordPress's pages name for programs and for who signs in: nobody bakes
// these, and no reader is led there but by "log in".
const apis = `/(wp-json|xmlrpc\.php|wp-login\.php|wp-admin|wp-comments-post\.php)|^mailto:`

// readBack has a link checker that is not ours read the published site.
func readBack(t *testing.T, linkchecker, at string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	home := t.TempDir()
	cmd := exec.CommandContext(ctx, linkchecker, "--no-warnings", "--no-status", "--threads", "4", "--ignore-url", apis, "--output", "csv", at+"/")
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("linkchecker: %v\n%s", err, fmt.Sprintf("%.4000s", out))
	}
}
