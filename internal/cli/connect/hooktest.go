package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/text"
)

// HookTest sends a sample to a hook.
type HookTest struct {
	terminal.OutputFlags
	Site       string `arg:"" help:"The site."`
	As         string `required:"" placeholder:"DIALECT" help:"How to call: ghost, drupal, contentful ... (docs/hooks.md)."`
	Address    string `env:"PRESSRUN_HOOK" required:"" placeholder:"URL" help:"The hook's address, as it was shown when it was made (${env})."`
	SecretFile string `placeholder:"FILE" help:"File with the secret that the CMS signs with; its first line counts."`
	Print      bool   `name:"print" help:"Print it as a curl command instead of sending it."`
}

// Help has the example.
func (HookTest) Help() string {
	return `What is sent is a real event to the app: it asks for a release, if the site's rules let it.

Examples:

  pressrun hook test www --as ghost --address "$ADDRESS" --secret-file ghost.secret
  pressrun hook test www --as netlify --address "$ADDRESS" --print`
}

// Run sends a sample, or prints it.
func (c *HookTest) Run(ctx context.Context, t *terminal.Terminal) error {
	d, address, err := c.delivery(t.Now())
	if err != nil {
		return err
	}
	if c.Print {
		_, err := fmt.Fprintln(t.Out, curl(d, address))
		return err
	}
	req, err := http.NewRequestWithContext(ctx, d.Method, address, bytes.NewReader(d.Body))
	if err != nil {
		return errors.New("make the call: the address is not as it must be") // and must not be repeated
	}
	req.Header = d.Header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // which does not name the address
		}
		return fmt.Errorf("reach the app at %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("read the app's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the hook answered %s: %s", resp.Status, text.OneLine(string(answer)))
	}
	if c.JSON {
		_, err = fmt.Fprintf(t.Out, "%s\n", bytes.TrimSpace(answer))
		return err
	}
	_, err = fmt.Fprintln(t.Out, taken(answer))
	return err
}

// taken is a hook's answer in words. An answer in another system's form is shown as it
// is.
func taken(answer []byte) string {
	var reply struct{ Decision, Why, Link string }
	if json.Unmarshal(answer, &reply) != nil || reply.Decision == "" {
		return "Taken: " + text.OneLine(string(answer))
	}
	return text.OneLine("Taken: "+reply.Why) + "\n" + text.OneLine(reply.Link)
}

// delivery is the sample, signed.
func (c *HookTest) delivery(now time.Time) (cms.Delivery, string, error) {
	system, ok := cms.Find(c.As)
	if !ok {
		return cms.Delivery{}, "", exit.With(exit.Usage, fmt.Errorf("%q is no dialect; expected one of %s", c.As, strings.Join(cms.Names(), ", ")))
	}
	u, err := url.Parse(c.Address)
	if err != nil || u.Host == "" || !strings.Contains(u.Path, "/hooks/"+c.Site+"/") {
		return cms.Delivery{}, "", exit.With(exit.Usage, fmt.Errorf("the address is none of a hook of %s; expected https://.../hooks/%s/SECRET, as pressrun hook new printed it", c.Site, c.Site))
	}
	secret, err := c.secret()
	if err != nil {
		return cms.Delivery{}, "", err
	}
	d := system.Sample()
	d.URI = u.RequestURI()
	// Each test is another event: neither its id nor its time may be those of the
	// test before.
	d.Body = bytes.ReplaceAll(d.Body, []byte(`sample"`), fmt.Appendf(nil, `sample-%d"`, now.UnixNano()))
	d.Body = bytes.ReplaceAll(d.Body, []byte(cms.SampleTime), []byte(now.UTC().Format("2006-01-02T15:04:05")))
	for name, values := range d.Header {
		for i, v := range values {
			if v == "sample" || v == "msg_sample" {
				d.Header[name][i] = fmt.Sprintf("%s-%d", v, now.UnixNano())
			}
		}
	}
	if secret != "" {
		system.Sign(&d, secret, now)
	}
	return d, c.Address, nil
}

func (c *HookTest) secret() (string, error) {
	if c.SecretFile == "" {
		return "", nil
	}
	content, err := os.ReadFile(filepath.Clean(c.SecretFile))
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(content)), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", exit.With(exit.Usage, fmt.Errorf("%s holds no secret: expected one line", c.SecretFile))
	}
	return line, nil
}

// curl is a delivery as a command for the shell.
func curl(d cms.Delivery, address string) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	lines := []string{"curl -X " + d.Method + " " + quote(address)}
	for _, name := range slices.Sorted(maps.Keys(d.Header)) {
		for _, value := range d.Header[name] {
			lines = append(lines, "-H "+quote(name+": "+value))
		}
	}
	return strings.Join(append(lines, "--data-binary "+quote(string(d.Body))), " \\\n  ")
}
