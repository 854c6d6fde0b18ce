package notify_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/release"
)

// hostile is what a CMS, or who calls it, may send as a title or a name.
const hostile = "<!channel> & <https://evil.example|Click> </p><script>alert(1)</script> [x](https://evil.example)\r\nBcc: all@example.gov"

func hostileFact() notify.Fact {
	f := of("release.failed", 12, hostile)
	f.Site.Title, f.By = hostile, hostile
	f.Lines = []notify.Line{{Text: hostile, Link: "https://pressrun.example.gov/sites/www"}}
	f.More = 3
	return f
}

func body(t testing.TB, kindName string, f notify.Fact) []byte {
	t.Helper()
	k, _ := notify.FindKind(kindName)
	b, err := k.Body("id", f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// texts are all strings of a JSON document.
func texts(t testing.TB, document []byte) (all []string) {
	t.Helper()
	var whole any
	if err := json.Unmarshal(document, &whole); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, v)
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(whole)
	return all
}

func TestSlackIsSentNoMarkupOfOthers(t *testing.T) {
	b := body(t, "slack", hostileFact())
	for _, s := range texts(t, b) {
		own := strings.ReplaceAll(s, "<https://pressrun.example.gov/sites/www|Open>", "")
		if strings.ContainsAny(own, "<>") || strings.Contains(strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(own), "&") {
			t.Errorf("not escaped: %q", s)
		}
	}
	var m struct {
		Text   string
		Blocks []struct {
			Type     string
			Text     struct{ Text string }
			Elements []struct{ Type, URL string }
		}
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	last := m.Blocks[len(m.Blocks)-1]
	if last.Type != "actions" || last.Elements[0].URL != "https://pressrun.example.gov/sites/www/releases/12" {
		t.Errorf("the last block is %+v", last)
	}
}

func TestMessagesKeepTheBoundsOfTheirReceivers(t *testing.T) {
	f := of("release.failed", 12, strings.Repeat("<", 10_000))
	f.Site.Title = strings.Repeat("&", 1000)
	for range 25 {
		f.Lines = append(f.Lines, notify.Line{Text: strings.Repeat("<", 1000), Link: "https://pressrun.example.gov/sites/www/releases/12"})
	}
	f.More = 1
	var m struct {
		Blocks []struct{ Text struct{ Text string } }
	}
	if err := json.Unmarshal(body(t, "slack", f), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Blocks) > 50 { // https://docs.slack.dev/reference/block-kit/blocks/
		t.Errorf("%d blocks", len(m.Blocks))
	}
	for _, b := range m.Blocks {
		if n := utf8.RuneCountInString(b.Text.Text); n > 3000 {
			t.Errorf("a section of %d characters", n)
		}
	}
	for i := range f.Lines {
		f.Lines[i].Text = strings.Repeat("😀", 1000)
	}
	if n := len(body(t, "teams", f)); n > 28<<10 { // https://learn.microsoft.com/en-us/connectors/teams/#limits
		t.Errorf("a card of %d bytes", n)
	}
}

func TestTeamsIsSentTextThatIsNoMarkdown(t *testing.T) {
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version string
				Body          []struct{ Type string }
				Actions       []struct{ Type, URL string }
			}
		}
	}
	if err := json.Unmarshal(body(t, "teams", hostileFact()), &m); err != nil {
		t.Fatal(err)
	}
	c := m.Attachments[0]
	if m.Type != "message" || c.ContentType != "application/vnd.microsoft.card.adaptive" || c.Content.Type != "AdaptiveCard" || c.Content.Version != "1.4" {
		t.Errorf("%+v", m)
	}
	for _, b := range c.Content.Body {
		if b.Type != "RichTextBlock" {
			t.Errorf("a %s has Markdown", b.Type)
		}
	}
	if a := c.Content.Actions; len(a) != 1 || a[0].Type != "Action.OpenUrl" || a[0].URL != "https://pressrun.example.gov/sites/www/releases/12" {
		t.Errorf("actions %+v", a)
	}
}

func TestAnEMailIsOneLineOfSubjectAndEscapedHTML(t *testing.T) {
	m, err := notify.ReadMail(body(t, "smtp", hostileFact()))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(m.Subject, "\r\n") || m.Release != 12 {
		t.Errorf("%+v", m)
	}
	if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "</p><script") || !strings.Contains(m.HTML, "&lt;script&gt;") || !strings.Contains(m.HTML, `href="https://pressrun.example.gov/sites/www/releases/12"`) {
		t.Errorf("%s", m.HTML)
	}
}

func TestWithoutAnAddressOfTheAppThereIsNoButton(t *testing.T) {
	f := of(notify.ReleaseLive, 1, "")
	f.Site.App = ""
	for _, kindName := range []string{"slack", "teams", "smtp"} {
		if b := body(t, kindName, f); strings.Contains(string(b), "Open release") || strings.Contains(string(b), "/releases/1") {
			t.Errorf("%s: %s", kindName, b)
		}
	}
}

func TestSlacksAnswersAreToldInWords(t *testing.T) {
	for answer, want := range map[string]notify.SlackReply{
		`{"ok":true,"channel":"C1","ts":"17.5"}`:                         {Place: "C1/17.5"},
		`{"ok":true}`:                                                    {Trouble: "did not say where"},
		`{"ok":false,"error":"channel_not_found"}`:                       {Trouble: "knows no such channel"},
		`{"ok":false,"error":"not_in_channel"}`:                          {Trouble: "/invite"},
		`{"ok":false,"error":"invalid_auth"}`:                            {Trouble: "does not know the token"},
		`{"ok":false,"error":"missing_scope","needed":"chat:write"}`:     {Trouble: "(needed: chat:write)"},
		`{"ok":false,"error":"ratelimited"}`:                             {Trouble: "asked again later"},
		`{"ok":false,"error":"message_not_found"}`:                       {Trouble: "was deleted", Lost: true},
		`{"ok":false,"error":"new_error_\u001b[31m` + hostileJSON + `"}`: {Trouble: "Slack refused the message: new_error_"},
		`{"ok":false}`: {Trouble: "did not say why"}, `<html>`: {Trouble: "not from Slack's API"}, ``: {Trouble: "not from Slack's API"}, `[]`: {Trouble: "not from Slack's API"},
	} {
		got := notify.SlackAnswer([]byte(answer))
		if got.Place != want.Place || got.Lost != want.Lost || !strings.Contains(got.Trouble, want.Trouble) || (got.Trouble == "") != (want.Trouble == "") {
			t.Errorf("%s: %+v, want %+v", answer, got, want)
		}
		if strings.ContainsAny(got.Trouble, "\x1b\n") || len(got.Trouble) > 300 {
			t.Errorf("%q", got.Trouble)
		}
	}
}

var hostileJSON = strings.Repeat("x", 1000)

func TestOnlyAPlainAddressOfADomainOfOnesOwnIsAnAsker(t *testing.T) {
	domains := []string{"example.gov", "Riverside.example.gov"}
	for actor, want := range map[string]string{
		"ana@example.gov": "ana@example.gov", "Ana@EXAMPLE.gov": "ana@example.gov", "a.b+c@riverside.example.gov": "a.b+c@riverside.example.gov",
		"ana@other.example.gov": "", "ana@example.com": "", "ana": "", "": "", "ana@example.gov@example.gov": "", "ana@example.gov\r\nBcc: x@y.example": "",
		"Ana <ana@example.gov>": "", "ana@example.gov,bob@example.gov": "", `"a b"@example.gov`: "", ".ana@example.gov": "", "@example.gov": "",
		"ana@example.gov.": "", strings.Repeat("a", 300) + "@example.gov": "", "änna@example.gov": "", "ana@example.gov ": "",
	} {
		if got := notify.Asker(actor, domains); got != want {
			t.Errorf("%q: %q, want %q", actor, got, want)
		}
	}
}

func TestWhoAskedForMuchIsToldInOne(t *testing.T) {
	f := of(notify.RequestFailed, 12, "no title")
	f.Release.Outcome = release.Failed
	f.To = "ana@example.gov"
	f.First(notify.Request{ID: "req_0", Title: "Hours"})
	if got := f.Text(); got != `"Hours" is not live on Riverside: release #12 failed: no title. It is kept and goes out with the next release.` {
		t.Error(got)
	}
	for range 30 {
		f.First(notify.Request{ID: "req_1", Title: "Menu"})
	}
	m, err := notify.ReadMail(body(t, "smtp", f))
	if err != nil || m.To != "ana@example.gov" || !strings.Contains(m.Text, "31 changes that you asked for are not live") || strings.Count(m.Text, "- Menu") != 19 || !strings.Contains(m.Text, "and 11 more") {
		t.Errorf("%v %s", err, m.Text)
	}
}

func TestEachKindHasASample(t *testing.T) {
	for _, name := range notify.KindNames() {
		k, _ := notify.FindKind(name)
		if b := body(t, name, notify.Fact{Type: notify.Test, At: at, Site: site, By: "ops"}); !k.Can(notify.Test) || !json.Valid(b) {
			t.Errorf("%s: %s", name, b)
		}
	}
}

func FuzzSlackAnswer(f *testing.F) {
	f.Add([]byte(`{"ok":true,"channel":"C1","ts":"17.5"}`))
	f.Add([]byte(`{"ok":false,"error":"x"}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		r := notify.SlackAnswer(answer)
		if (r.Place == "") == (r.Trouble == "") {
			t.Errorf("it is neither taken nor refused: %+v", r)
		}
		if _, call, err := notify.SlackCall([]byte(`{"text":"a","blocks":[]}`), "C1", r.Place); err != nil || !json.Valid(call) {
			t.Errorf("%s (%v)", call, err)
		}
	})
}

func FuzzAsker(f *testing.F) {
	f.Add("ana@example.gov")
	f.Add("ana@example.gov\r\nBcc: b@example.gov")
	f.Fuzz(func(t *testing.T, actor string) {
		got := notify.Asker(actor, []string{"example.gov"})
		if got != "" && (strings.ContainsAny(got, "\r\n\t ,;:<>\"()\\\x00") || strings.Count(got, "@") != 1 || !strings.HasSuffix(got, "@example.gov")) {
			t.Errorf("%q", got)
		}
	})
}
