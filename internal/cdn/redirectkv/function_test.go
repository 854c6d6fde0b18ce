package redirectkv

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/test/servers"
)

// harness gives the function what CloudFront gives it: the module "cloudfront"
// with a store whose get fails for a key that is not there, and an event.
const harness = `
import { readFileSync } from 'node:fs';
import { handler } from './function.mjs';
const { cases } = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'));
const out = [];
for (const address of cases) {
  const at = address.indexOf('?');
  const uri = at < 0 ? address : address.slice(0, at);
  const query = at < 0 ? undefined : address.slice(at + 1);
  const answer = await handler({ request: { method: 'GET', uri, rawQueryString: () => query } });
  out.push(answer.statusCode ? answer.statusCode + ' ' + answer.headers.location.value : answer.uri);
}
console.log(JSON.stringify(out));
`

const cloudfrontModule = `
import { readFileSync } from 'node:fs';
const { keys } = JSON.parse(readFileSync(new URL('../../cases.json', import.meta.url), 'utf8'));
export default { kvs: () => ({ get: async (key) => {
  if (!Object.hasOwn(keys, key)) { throw new Error('KeyNotFound'); }
  return keys[key];
} }) };
`

// answers runs the function in node: what it does to each address.
func answers(t *testing.T, index bool, keys map[string]string, cases []string) []string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		servers.Missing(t, "node", "apt-get install nodejs")
	}
	dir := t.TempDir()
	data, err := json.Marshal(map[string]any{"keys": keys, "cases": cases})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"function.mjs": Function(index) + "\nexport { handler };\n", "main.mjs": harness, "cases.json": string(data),
		"node_modules/cloudfront/package.json": `{"type": "module", "exports": "./index.js"}`, "node_modules/cloudfront/index.js": cloudfrontModule,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, filepath.Join(dir, "main.mjs"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil || len(got) != len(cases) {
		t.Fatalf("%s: %v", out, err)
	}
	return got
}

func TestTheFunctionAnswersWhatTheStoreHolds(t *testing.T) {
	keys := map[string]string{
		"/old": "301 /new/ pressrun:www", "/soon": "302 /now/ pressrun:www", "/": "307 /en/ pressrun:www", "/form.pdf": "308 /files/form.pdf pressrun:www",
		"/café": "301 /coffee/#hot pressrun:www", "/asked": "301 /found?by=us pressrun:www", "/mine": "303 https://example.org/", "/odd": "see elsewhere", "/bad": "200 /x",
		"/100%": "301 /all/ pressrun:www", "/docs": "301 /manual/ pressrun:www",
	}
	cases := map[string]string{
		"/old": "301 /new/", "/old/": "301 /new/", "/old/index.html": "301 /new/", "/old//": "301 /new/", "/soon": "302 /now/", "/": "307 /en/", "/index.html": "307 /en/",
		"/form.pdf": "308 /files/form.pdf", "/caf%C3%A9": "301 /coffee/#hot", "/caf%C3%A9?a=1&b=%20": "301 /coffee/?a=1&b=%20#hot", "/asked?x=1": "301 /found?by=us",
		"/old?": "301 /new/", "/old?a": "301 /new/?a", "/mine": "303 https://example.org/", "/odd": "/odd", "/bad": "/bad", "/100%": "301 /all/",
		"/other": "/other", "/other/": "/other/", "/older": "/older", "/%zz": "/%zz", "/docs/": "301 /manual/", "/constructor": "/constructor", "/__proto__": "/__proto__",
	}
	var asked, want []string
	for address, answer := range cases {
		asked, want = append(asked, address), append(want, answer)
	}
	if diff := cmp.Diff(want, answers(t, false, keys, asked)); diff != "" {
		t.Error(diff)
	}
	indexed := answers(t, true, keys, []string{"/about/", "/about", "/about.html", "/a.b/c", "/old", "/app.js", "/x/"})
	if diff := cmp.Diff([]string{"/about/index.html", "/about/index.html", "/about.html", "/a.b/c/index.html", "301 /new/", "/app.js", "/x/index.html"}, indexed); diff != "" {
		t.Error(diff)
	}
}

// TestTheFunctionFindsEveryKeyThatIsWritten: a redirect's file, as visitors ask
// for it, is the key that the release writes.
func TestTheFunctionFindsEveryKeyThatIsWritten(t *testing.T) {
	text := "/old /new/\n/a/b.html /x 302\n/form.pdf /y 308\n/caf%C3%A9/menu /z 307\n/ /en/\n/per%2525cent /p\n/deep/index.html /d\n"
	rules, _, err := redirect.ParseFile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{Site: "www"}
	var asked, want []string
	for _, r := range rules {
		headers, err := r.Headers("")
		if err != nil {
			t.Fatal(err)
		}
		m.Entries = append(m.Entries, manifest.Entry{Path: r.Path(), Headers: headers})
		asked = append(asked, urlpath.Encode("/"+r.From), urlpath.Encode("/"+r.Path()))
		answer := strings.Join([]string{map[int]string{301: "301", 302: "302", 307: "307", 308: "308"}[r.Status], r.To}, " ")
		want = append(want, answer, answer)
	}
	plan := redirect.NewPlan(m, nil, (&Store{}).Limits())
	if diff := cmp.Diff(want, answers(t, false, plan.Want, asked)); diff != "" {
		t.Errorf("%v\n%s", plan.Want, diff)
	}
}

// TestTheFunctionFitsItsRuntime: at most 10 KB, and nothing of JavaScript that
// cloudfront-js-2.0 does not have (Developer Guide, "JavaScript runtime 2.0
// features for CloudFront Functions").
func TestTheFunctionFitsItsRuntime(t *testing.T) {
	for _, index := range []bool{false, true} {
		source := Function(index)
		if len(source) > 10<<10 { // Developer Guide, "Quotas on CloudFront Functions"
			t.Errorf("%d bytes", len(source))
		}
		for _, not := range []string{"?.", "??", "class ", "...", "catch {", "eval(", "new Function", "setTimeout", "require('fs')", "export "} {
			if strings.Contains(source, not) {
				t.Errorf("it has %q", not)
			}
		}
		if !strings.Contains(source, "import cf from 'cloudfront';") || !strings.Contains(source, FunctionRuntime) {
			t.Error("it does not say what it is")
		}
	}
	if Function(true) == Function(false) {
		t.Error("index makes no difference")
	}
}
