package app

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/test/eventually"
)

// Who is refused before anything of a body is read must not keep the connection
// by never sending it.
func TestABodyThatNeverComesKeepsNoConnection(t *testing.T) {
	b := start(t, nil)
	b.app.current.Load().handler.Wait = 200 * time.Millisecond
	elsewhere := map[string]string{"/sites/www/requests": "Sec-Fetch-Site: cross-site\r\n"}
	for _, path := range []string{"/v1/sites/www/requests", "/v1/sites/www/claims", "/signin", "/signout", "/nowhere", github.WebhookPath, "/sites/www/requests"} {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "POST "+path+" HTTP/1.1\r\nHost: x\r\n"+elsewhere[path]+"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(eventually.Patience)); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(bufio.NewReader(c))
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 ") {
			t.Errorf("%s: the connection is kept: %v %.80s", path, err, answer)
		}
	}
}
