package rewrite

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// moved is a change that moves the CMS to another host, and notes what it sees.
func moved(seen *[]string) Change {
	return func(ref Reference) (string, bool) {
		*seen = append(*seen, ref.Target)
		switch {
		case ref.Use == BareHost:
			return "www.example.gov", true
		case ref.Target == "/news/?page=2":
			return "/news/page/2/", true
		}
		for _, old := range []string{"https://cms.example.gov", "http://cms.example.gov", "//cms.example.gov"} {
			n := min(len(ref.Target), len(old))
			rest := ref.Target[n:]
			if !strings.EqualFold(ref.Target[:n], old) || rest != "" && !strings.ContainsAny(rest[:1], "/?#") {
				continue
			}
			if strings.HasPrefix(old, "//") {
				return "//www.example.gov" + rest, true
			}
			return "https://www.example.gov" + rest, true
		}
		return "", false
	}
}

func TestAddressesInPagesAreChangedInPlace(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"attributes":             {`<A  HREF='https://cms.example.gov/a?x=1&amp;y=2'  class=x>`, `<A  HREF='https://www.example.gov/a?x=1&amp;y=2'  class=x>`},
		"no quotes":              {`<a href=https://cms.example.gov/a>x</a>`, `<a href=https://www.example.gov/a>x</a>`},
		"the first of two":       {`<a href="/news/?page=2" href="/news/?page=2">`, `<a href="/news/page/2/" href="/news/?page=2">`},
		"protocol-relative":      {`<script src="//cms.example.gov/x.js"></script>`, `<script src="//www.example.gov/x.js"></script>`},
		"srcset":                 {`<img srcset="https://cms.example.gov/a,b.png 1x,https://cms.example.gov/a,b.pngg 2x, //cms.example.gov/c">`, `<img srcset="https://www.example.gov/a,b.png 1x,https://www.example.gov/a,b.pngg 2x, //www.example.gov/c">`},
		"late pictures":          {`<noscript><img data-src='x' src=https://cms.example.gov/1.png></noscript>`, `<noscript><img data-src='x' src=https://www.example.gov/1.png></noscript>`},
		"style elements":         {`<style>a{background:url(https://cms.example.gov/a.png)}</style>`, `<style>a{background:url(https://www.example.gov/a.png)}</style>`},
		"style attributes":       {`<i style="background:url(&quot;https://cms.example.gov/a.png&quot;)">`, `<i style="background:url(&#34;https://www.example.gov/a.png&#34;)">`},
		"refresh":                {`<meta http-equiv=refresh content="0; URL='https://cms.example.gov/b'">`, `<meta http-equiv=refresh content="0; URL=&#39;https://www.example.gov/b&#39;">`},
		"open graph":             {`<meta property="og:url" content="https://cms.example.gov/b">`, `<meta property="og:url" content="https://www.example.gov/b">`},
		"inline JSON":            {`<script>var a={"u":"https:\/\/cms.example.gov\/wp\/a.js?x=1\u0026y"};</script>`, `<script>var a={"u":"https:\/\/www.example.gov\/wp\/a.js?x=1\u0026y"};</script>`},
		"JSON-LD":                {`<script type="application/ld+json">{"@id":"https://cms.example.gov/#org"}</script>`, `<script type="application/ld+json">{"@id":"https://www.example.gov/#org"}</script>`},
		"percent-encoded":        {`<a href="https://share.example/?u=https%3A%2F%2Fcms.example.gov%2Fa%2F&amp;t=x">`, `<a href="https://share.example/?u=https%3A%2F%2Fwww.example.gov%2Fa%2F&amp;t=x">`},
		"within an address":      {`<a href="https://cms.example.gov/login?to=https%3A%2F%2Fcms.example.gov%2Fa">`, `<a href="https://www.example.gov/login?to=https%3A%2F%2Fwww.example.gov%2Fa">`},
		"a bare host":            {`<script>host="cms.example.gov";</script>`, `<script>host="www.example.gov";</script>`},
		"text and comments":      {`<p>See https://cms.example.gov/a, or <!-- http://CMS.example.gov/b -->`, `<p>See https://www.example.gov/a, or <!-- https://www.example.gov/b -->`},
		"another host":           {`<a href="https://cms.example.gov.evil.net/">https://xcms.example.gov/</a>`, `<a href="https://cms.example.gov.evil.net/">https://xcms.example.gov/</a>`},
		"another port":           {`<a href="https://cms.example.gov:8443/">`, `<a href="https://cms.example.gov:8443/">`},
		"JSON in an attribute":   {`<div data-x='{"u":"https:\/\/cms.example.gov\/a"}'>`, `<div data-x='{"u":"https:\/\/www.example.gov\/a"}'>`},
		"example code":           {`<pre>&lt;a href=&quot;x&quot;&gt;</pre><xmp><a href="/news/?page=2"></xmp>`, `<pre>&lt;a href=&quot;x&quot;&gt;</pre><xmp><a href="/news/?page=2"></xmp>`},
		"a page in an attribute": {`<iframe srcdoc="<a href='https://cms.example.gov/'>">`, `<iframe srcdoc="<a href=&#39;https://www.example.gov/&#39;>">`},
		"SVG":                    {`<svg><use xlink:href="https://cms.example.gov/s.svg#a"/></svg>`, `<svg><use xlink:href="https://www.example.gov/s.svg#a"/></svg>`},
		"a ping":                 {`<a ping="/a https://cms.example.gov/p">`, `<a ping="/a https://www.example.gov/p">`},
		"unclosed":               {`<p><a href="https://cms.example.gov/`, `<p><a href="https://www.example.gov/`},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			if diff := cmp.Diff(c.want, string(New("cms.example.gov").HTML([]byte(c.in), moved(&seen)))); diff != "" {
				t.Errorf("%s\nseen: %q", diff, seen)
			}
		})
	}
}

func TestAddressesCountFromTheBase(t *testing.T) {
	var got []Reference
	New("cms.example.gov").HTML([]byte(`<a href=a><base href="/x/"><img src=b style="background:url(c)">`), func(r Reference) (string, bool) {
		got = append(got, r)
		return "", false
	})
	want := []Reference{{"a", Link, "/x/"}, {"/x/", Metadata, "/x/"}, {"b", Resource, "/x/"}, {"c", Resource, "/x/"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAddressesInStyleSheets(t *testing.T) {
	for in, want := range map[string]string{
		`@import "https://cms.example.gov/a.css" screen;`:               `@import "https://www.example.gov/a.css" screen;`,
		`@import url( 'https://cms.example.gov/a.css' );`:               `@import url( 'https://www.example.gov/a.css' );`,
		`a{b:url(https://cms.example.gov/a\28 1\29.png)}`:               `a{b:url(https://www.example.gov/a%281%29.png)}`,
		`a{b:image-set("https://cms.example.gov/a.png" 1x, url(b) 2x)}`: `a{b:image-set("https://www.example.gov/a.png" 1x, url(b) 2x)}`,
		`/* url(https://cms.example.gov/c) */`:                          `/* url(https://www.example.gov/c) */`,
		`a{b:url("x`:                                                    `a{b:url("x`,
		`a{content:"/news/?page=2";b:url(/news/?page=2)}`:               `a{content:"/news/?page=2";b:url(/news/page/2/)}`,
	} {
		var seen []string
		if got := string(New("cms.example.gov").CSS([]byte(in), "", moved(&seen))); got != want {
			t.Errorf("%s:\n%s, want\n%s (seen: %q)", in, got, want, seen)
		}
	}
}

func TestAHostWithAPort(t *testing.T) {
	change := func(r Reference) (string, bool) {
		if r.Use == BareHost {
			return "www", true
		}
		return "https://www" + strings.TrimPrefix(strings.TrimPrefix(r.Target, "http:"), "//127.0.0.1:8080"), true
	}
	for in, want := range map[string]string{
		`http://127.0.0.1:8080/a http://127.0.0.1:80800/ http://127.0.0.1/`: `https://www/a http://127.0.0.1:80800/ http://127.0.0.1/`,
		`http%3A%2F%2F127.0.0.1%3A8080%2Fa`:                                 `https%3A%2F%2Fwww%2Fa`,
		`http:\/\/127.0.0.1:8080\/`:                                         `https:\/\/www\/`,
		`"127.0.0.1:8080"`:                                                  `"www"`,
	} {
		r := New("127.0.0.1:8080")
		got := r.Text([]byte(in), false, change)
		if in != `"127.0.0.1:8080"` && strings.HasPrefix(in, "http%3A") {
			got = r.Text([]byte(in), false, func(ref Reference) (string, bool) {
				return "https://www" + strings.TrimPrefix(ref.Target, "http://127.0.0.1:8080"), true
			})
		}
		if string(got) != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestWhatIsLeftOfTheHostIsFound(t *testing.T) {
	r := New("cms.example.gov")
	for in, want := range map[string]int{
		"a cms.example.gov b": 1, "CMS.EXAMPLE.GOV": 1, "a@cms.example.gov": 1, "https:%2F%2Fcms.example.gov%2F": 1,
		"xcms.example.gov": 0, "cms.example.gov.net": 0, "www.cms.example.gov": 0, "cms.example.gove": 0, "cms.example.gov.": 1, "": 0,
	} {
		if got := len(r.Leaks([]byte(in), 10)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestPagesInUTF16(t *testing.T) {
	wide := func(s string) []byte {
		out := []byte("\xff\xfe")
		for _, c := range s {
			out = append(out, byte(c), 0)
		}
		return out
	}
	var seen []string
	got := New("cms.example.gov").HTML(wide(`<a href="https://cms.example.gov/">`), moved(&seen))
	if !bytes.Equal(got, wide(`<a href="https://www.example.gov/">`)) {
		t.Errorf("%q", got)
	}
}

func keep(Reference) (string, bool) { return "", false }

// What is not changed is the same, byte for byte, and what is changed leaves no host.
func FuzzHTML(f *testing.F) {
	f.Add([]byte(`<a href="https://cms.example.gov/a" srcset="b 1x, c" style="d:url(e)"><style>@import "x"</style><script>"https:\/\/cms.example.gov"</script>`))
	f.Add([]byte("<base href=//cms.example.gov><iframe srcdoc='<a href=x>'>\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := New("cms.example.gov")
		before := bytes.Clone(text)
		if got := r.HTML(text, keep); !bytes.Equal(got, before) {
			t.Fatalf("%q became %q", before, got)
		}
		r.HTML(text, func(ref Reference) (string, bool) { return "/x", ref.Use != BareHost })
		if !bytes.Equal(text, before) {
			t.Fatal("the input was changed")
		}
	})
}

func FuzzCSS(f *testing.F) {
	f.Add([]byte(`@import "a"; b{c:url( "d\20 " ) image-set("e" 1x)} /* https://cms.example.gov/ */`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := New("cms.example.gov")
		before := bytes.Clone(text)
		if got := r.CSS(text, "", keep); !bytes.Equal(got, before) {
			t.Fatalf("%q became %q", before, got)
		}
		r.CSS(text, "", func(Reference) (string, bool) { return "/x", true })
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte(`https:\/\/cms.example.gov\/a https%3A%2F%2Fcms.example.gov%2F&quot;CMS.example.gov`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := New("cms.example.gov")
		if got := r.Text(text, true, keep); !bytes.Equal(got, text) {
			t.Fatalf("%q became %q", text, got)
		}
		r.Text(text, false, func(Reference) (string, bool) { return "/x", true })
		r.Leaks(text, 3)
	})
}

func FuzzSrcset(f *testing.F) {
	f.Add("a 1x, b,c 2x,d (e,f) 3w")
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, p := range srcset(s) {
			if p.from < last || p.to < p.from || p.to > len(s) {
				t.Fatalf("%v after %d of %d", p, last, len(s))
			}
			last = p.to
		}
		if at, ok := refresh(s); ok && (at.from >= at.to || at.to > len(s)) {
			t.Fatalf("%v of %d", at, len(s))
		}
	})
}
