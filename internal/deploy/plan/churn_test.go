package plan

import "testing"

func TestCauseOf(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		want                Cause
	}{
		{"a stylesheet's new name", `<link href="/a/site-0a1b2c3d4e.css"><p>x`, `<link href="/a/site-ffeeddccbb.css"><p>x`, CauseAssets},
		{"a bundler's new name", `<script src="/assets/index-BxK3a9_z.js">`, `<script src="/assets/index-C7pQ2k_1.js">`, CauseAssets},
		{"the time of the build", `<!-- built 2026-03-01T10:00:00Z --><p>x`, `<!-- built 2026-03-02T11:30:12Z --><p>x`, CauseStamps},
		{"a date in words", `<footer>Sat, 21 Nov 2026 23:12:01</footer>`, `<footer>Sun, 22 Nov 2026 00:12:59</footer>`, CauseStamps},
		{"a commit", `<meta content="eb0e5f2">`, `<meta content="ba4399b">`, CauseStamps},
		{"a nonce and an asset", `<script nonce="abc" src="/x-0a1b2c3d4e.js">`, `<script nonce="xyz" src="/x-1a1b2c3d4e.js">`, CauseStamps},
		{"an indent", "<p>\n  x", "<p>\n\tx", CauseSpace},
		{"words", `<p>open</p>`, `<p>closed</p>`, CauseContent},
		{"words and a date", `<p>open 2026-01-01</p>`, `<p>closed 2026-01-02</p>`, CauseContent},
	} {
		if got := CauseOf([]byte(c.before), []byte(c.after)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
