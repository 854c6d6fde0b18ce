package servers

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Toxiproxy is a running proxy of TCP connections that can be told to make the
// network bad.
type Toxiproxy struct {
	api string
}

// Link is one way through the proxy to a server.
type Link struct {
	Endpoint string // http://127.0.0.1:port, which leads to the server

	url string
}

// Toxic is one way in which a link is bad (toxiproxy's README, "Toxics").
type Toxic struct {
	Type string // latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data
	// Answers makes it one of what the server says, not of what it is told.
	Answers bool
	// Share of the connections that have it, from 0 to 1; 0 for all of them.
	Share float64
	With  map[string]int64 // attributes: times in ms, rates in kB/s
}

// StartToxiproxy runs toxiproxy until the test ends.
func StartToxiproxy(t testing.TB) *Toxiproxy {
	t.Helper()
	address := FreeAddress(t)
	host, port, _ := strings.Cut(address, ":")
	output := new(bytes.Buffer)
	cmd := exec.Command(Tool(t, "toxiproxy"), "-host", host, "-port", port, "-seed", "5")
	cmd.Env = append(os.Environ(), "LOG_LEVEL=error")
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("start toxiproxy: %v", err)
	}
	t.Cleanup(func() { stopGateway(t, cmd, output) })
	p := &Toxiproxy{api: "http://" + address}
	WaitHTTP(t, p.api+"/version")
	return p
}

// Link makes a way to the server at an http:// address. It is in good order.
func (p *Toxiproxy) Link(t testing.TB, name, server string) *Link {
	t.Helper()
	listen := FreeAddress(t)
	tellToxiproxy(t, p.api+"/proxies", map[string]any{
		"name": name, "listen": listen, "upstream": strings.TrimPrefix(server, "http://"), "enabled": true,
	})
	return &Link{Endpoint: "http://" + listen, url: p.api + "/proxies/" + name}
}

// Poison makes the link bad, for connections that are open as for new ones.
func (l *Link) Poison(t testing.TB, toxics ...Toxic) {
	t.Helper()
	for _, x := range toxics {
		share := x.Share
		if share == 0 {
			share = 1
		}
		tellToxiproxy(t, l.url+"/toxics", map[string]any{
			"name": x.name(), "type": x.Type, "stream": x.stream(), "toxicity": share, "attributes": x.With,
		})
	}
}

// Heal takes toxics away again.
func (l *Link) Heal(t testing.TB, toxics ...Toxic) {
	t.Helper()
	for _, x := range toxics {
		askToxiproxy(t, http.MethodDelete, l.url+"/toxics/"+x.name(), nil)
	}
}

func (x Toxic) stream() string {
	if x.Answers {
		return "downstream"
	}
	return "upstream"
}

func (x Toxic) name() string { return x.Type + "-" + x.stream() }

// Cut ends all connections and takes no new ones.
func (l *Link) Cut(t testing.TB) {
	t.Helper()
	tellToxiproxy(t, l.url, map[string]any{"enabled": false})
}

// Restore takes connections again after a Cut.
func (l *Link) Restore(t testing.TB) {
	t.Helper()
	tellToxiproxy(t, l.url, map[string]any{"enabled": true})
}

func tellToxiproxy(t testing.TB, url string, what any) {
	t.Helper()
	body, err := json.Marshal(what)
	if err != nil {
		t.Errorf("tell toxiproxy: %v", err)
	}
	askToxiproxy(t, http.MethodPost, url, body)
}

func askToxiproxy(t testing.TB, method, url string, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Errorf("tell toxiproxy: %v", err)
		return
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Errorf("tell toxiproxy: %v", err)
		return
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		t.Errorf("toxiproxy answered %s: %s", response.Status, said)
	}
}
