package notify

import (
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"sync"
)

// smtp is an e-mail. Its body is a Mail, which the sender (app/notices) encodes as MIME.
var smtp = Kind{Name: "smtp", Secret: SecretNever, People: true, Tells: forPeople(), Usual: usual, Body: mailBody, Header: bare}

// Mail is the content of an e-mail. Subject is one line without control characters.
type Mail struct {
	// To is its only recipient; "" for all of the target's addresses.
	To      string `json:"to,omitempty"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
	// Release is the number of the release whose thread it belongs to, 0 for none.
	Release int64 `json:"release,omitempty"`
}

// mailPage is the HTML part; html/template escapes its values.
var mailPage = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="{{.Lang}}"><body style="font-family: sans-serif; line-height: 1.5">
<h1 style="font-size: 1.2em">{{.Title}}</h1>
<p>{{.Text}}</p>
{{- if .Lines}}
<ul>
{{- range .Lines}}
<li>{{if .Link}}<a href="{{.Link}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</li>
{{- end}}
</ul>
{{- end}}
{{- if gt .More 0}}
<p>{{.MoreLine}}</p>
{{- end}}
{{- if .Link}}
<p><a href="{{.Link}}">{{.Button}}</a></p>
{{- end}}
<p style="color: #555; font-size: 0.9em">{{range $i, $d := .Details}}{{if $i}} · {{end}}{{$d}}{{end}}</p>
</body></html>
`))

// mailView is the data of the HTML part.
type mailView struct {
	card
	MoreLine, Lang string
}

func mailBody(_ string, f Fact) ([]byte, error) {
	c := f.card()
	m := Mail{To: f.To, Subject: c.Title}
	if f.Release != nil {
		m.Release = f.Release.Number
	}
	var said strings.Builder
	fmt.Fprintf(&said, "%s\n", c.Text)
	if len(c.Lines) > 0 {
		said.WriteString("\n")
	}
	for _, l := range c.Lines {
		fmt.Fprintf(&said, "- %s\n", l.Text)
		if l.Link != "" {
			fmt.Fprintf(&said, "  %s\n", l.Link)
		}
	}
	if c.More > 0 {
		fmt.Fprintf(&said, "  %s\n", c.moreLine())
	}
	if c.Link != "" {
		fmt.Fprintf(&said, "\n%s: %s\n", c.Button, c.Link)
	}
	fmt.Fprintf(&said, "\n%s\n", strings.Join(c.Details, " · "))
	m.Text = said.String()
	var page strings.Builder
	if err := mailPage.Execute(&page, mailView{c, c.moreLine(), c.in.Tag()}); err != nil {
		return nil, fmt.Errorf("write an e-mail: %w", err)
	}
	m.HTML = page.String()
	return json.Marshal(m)
}

// ReadMail reads the body of a notice by e-mail.
func ReadMail(body []byte) (m Mail, err error) {
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("read an e-mail that waits: %w", err)
	}
	return m, nil
}

// address matches a plain e-mail address: a dot-atom of RFC 5321 without quoted parts,
// and a domain. Text that could begin another header or address does not match.
var address = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]{2,63}$")
})

// longestAddress is the longest e-mail address (RFC 3696, erratum 1690).
const longestAddress = 254

// IsAddress says whether a text is one plain e-mail address.
func IsAddress(s string) bool { return len(s) <= longestAddress && address().MatchString(s) }

// Asker is the actor's e-mail address if its domain is one of domains, else "". It is in
// lower case, so that different spellings are one person.
func Asker(actor string, domains []string) string {
	actor = strings.ToLower(actor)
	if !IsAddress(actor) {
		return ""
	}
	_, domain, _ := strings.Cut(actor, "@")
	for _, d := range domains {
		if strings.EqualFold(d, domain) {
			return actor
		}
	}
	return ""
}
