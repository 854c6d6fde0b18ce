package rules

import (
	"strings"
	"testing"
)

func TestTypesOfFilesThatSpecificationsName(t *testing.T) {
	for name, want := range map[string]string{
		".well-known/web-identity": "application/json", ".well-known/openid-configuration": "application/json", "tenant/.well-known/openid-configuration": "application/json",
		".well-known/api-catalog": "application/linkset+json", ".well-known/atproto-did": "text/plain", ".well-known/matrix/client": "application/json", ".well-known/host-meta": "application/xrd+xml",
		".well-known/host-meta.json": "application/json", ".well-known/webfinger": "application/jrd+json", ".well-known/nodeinfo/2.0": "application/json", ".well-known/acme-challenge/Ab_c-1": "text/plain",
		".well-known/apple-app-site-association": "application/json", "apple-app-site-association": "application/json", ".well-known/assetlinks.json": "application/json", ".well-known/security.txt": "text/plain",
		".well-known/traffic-advice": "application/trafficadvice+json", ".well-known/openpgpkey/example.org/policy": "text/plain", ".well-known/openpgpkey/policy": "text/plain", ".well-known/wot": "application/td+json", ".well-known/resourcesync": "application/xml", ".well-known/nostr.json": "application/json", ".well-known/lnurlp/alice": "application/json", ".well-known/oauth-protected-resource/mcp": "application/json",
		"dl/live.m3u8": "application/vnd.apple.mpegurl", "dl/table.tsv": "text/tab-separated-values", "a.svgz": "image/svg+xml", "a.usdz": "model/vnd.usdz+zip", "a.glb": "model/gltf-binary", "a.kml": "application/vnd.google-earth.kml+xml",
		"a.gpx": "application/gpx+xml", "a.odp": "application/vnd.oasis.opendocument.presentation", "a.xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12", "a.asc": "application/pgp-keys", "a.toml": "application/toml", "a.aac": "audio/aac", "a.mpga": "audio/mpeg", "a.m2ts": "video/mp2t", "a.jsonc": "application/json", "a.mhtml": "multipart/related",
		"a.mpd": "application/dash+xml", "a.ipynb": "application/x-ipynb+json", "a.heif": "image/heif", "a.jpe": "image/jpeg", "a.rdf": "application/rdf+xml", "a.ndjson": "application/x-ndjson", "a.pkpass": "application/vnd.apple.pkpass",
		"LICENSE": "text/plain", "feed": "application/rss+xml", "download": "application/octet-stream", ".well-known/unheard-of": "application/octet-stream",
	} {
		if got, _, _ := strings.Cut(ContentType(name), ";"); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]bool{".well-known/unheard-of": true, ".well-known/security.txt": false, "download": false, "a/.well-known/x": true} {
		if IsUntyped(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestWhatDesktopsAndEditorsLeaveBehindIsLeftOut(t *testing.T) {
	rules, err := Rules{Exclude: []string{"drafts/", "**/*.psd", "!keep/drawing.psd", "!**/.gitkeep"}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		".DS_Store": LeftOutJunk, "img/.DS_Store": LeftOutJunk, "img/Thumbs.db": LeftOutJunk, "img/thumbs.db": LeftOutJunk, "desktop.ini": LeftOutJunk, "__MACOSX/a/b.png": LeftOutJunk, "img/._photo.jpg": LeftOutJunk,
		"index.html~": LeftOutJunk, ".index.html.swp": LeftOutJunk, "a/.b.swo": LeftOutJunk, "#index.html#": LeftOutJunk, ".#index.html": LeftOutJunk, "index.html.bak": LeftOutJunk, "a.orig": LeftOutJunk,
		".git/config": LeftOutJunk, ".svn/entries": LeftOutJunk, ".idea/workspace.xml": LeftOutJunk, "docs/~$report.docx": LeftOutJunk, ".~lock.a.odt#": LeftOutJunk, "@eaDir/a": LeftOutJunk,
		".env": LeftOutSecret, ".env.production": LeftOutSecret, "a/.npmrc": LeftOutSecret, ".pypirc": LeftOutSecret, ".s3cfg": LeftOutSecret, "id_rsa": LeftOutSecret, ".ssh/known_hosts": LeftOutSecret, "terraform.tfstate": LeftOutSecret, ".htpasswd": LeftOutSecret,
		"drafts/a.html": LeftOutByRules, "drafts": LeftOutByRules, "img/a.psd": LeftOutByRules, "keep/drawing.psd": "", "empty/.gitkeep": "",
		"index.html": "", ".well-known/security.txt": "", ".nojekyll": "", "id_rsa.pub": "", "cvs.html": "", "cvs/jane-doe.pdf": "", "v1~/index.html": "", "part.1.part/index.html": "", "site.bak/a.html": "", "a/v1~": LeftOutJunk, "sync/a.html": "", "github/index.html": "", ".jj/repo": LeftOutJunk, ".dropbox": LeftOutJunk, ".dropbox.cache/x": LeftOutJunk, ".stfolder/x": LeftOutJunk, "a.html.kate-swp": LeftOutJunk, ".hugo_build.lock": LeftOutJunk, ".github/workflows/deploy.yml": LeftOutJunk, ".classpath": LeftOutJunk, "Network Trash Folder/x": LeftOutJunk, "CVS/Root": LeftOutJunk, "git/index.html": "", "environment/.htaccess": "", "partners.html": "", "desktop.html": "", "drafts.html": "", "img/tilde~1.png": "", "_headers": "",
	} {
		if got := rules.LeftOut(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, bad := range []string{"", "/", "!", "!/", "."} {
		if _, err := (Rules{Exclude: []string{bad}}).Compile(); err == nil {
			t.Errorf("exclude %q was accepted", bad)
		}
	}
}
