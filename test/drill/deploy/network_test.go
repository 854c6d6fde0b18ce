package deploy_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

// stall is how long these deploys wait for a connection that does nothing.
const stall = time.Second

// outage is how long a link is of no use that comes back.
const outage = 2 * time.Second

// weather is a bad network between the deploy and the store.
type weather struct {
	name   string
	toxics []servers.Toxic
	// At the first page the link is cut, or has these toxics, for so long; for
	// good when that is negative.
	cut   bool
	later []servers.Toxic
	lasts time.Duration
	// fails is what the deploy may say when it does not get through; empty when
	// it must.
	fails []string
}

var weathers = []weather{
	{name: "latency", toxics: []servers.Toxic{{Type: "latency", Answers: true, With: map[string]int64{"latency": 125, "jitter": 75}}}},
	{name: "little bandwidth", toxics: []servers.Toxic{
		{Type: "bandwidth", With: map[string]int64{"rate": 60}}, {Type: "bandwidth", Answers: true, With: map[string]int64{"rate": 60}},
	}},
	{name: "resets at once", toxics: []servers.Toxic{{Type: "reset_peer", Share: 0.3, With: map[string]int64{"timeout": 5}}}},
	{name: "connections end in mid-body", toxics: []servers.Toxic{{Type: "limit_data", With: map[string]int64{"bytes": 45_000}}}},
	{name: "connections end in mid-answer", toxics: []servers.Toxic{{Type: "limit_data", Answers: true, With: map[string]int64{"bytes": 7_000}}}},
	{name: "slow close", toxics: []servers.Toxic{
		{Type: "slow_close", With: map[string]int64{"delay": 700}}, {Type: "slow_close", Answers: true, With: map[string]int64{"delay": 700}},
	}},
	{name: "requests are swallowed", lasts: outage, later: []servers.Toxic{{Type: "timeout", With: map[string]int64{"timeout": 0}}}},
	{name: "answers are swallowed", lasts: outage, later: []servers.Toxic{{Type: "timeout", Answers: true, With: map[string]int64{"timeout": 0}}}},
	{name: "bodies get stuck", lasts: outage, later: []servers.Toxic{{Type: "bandwidth", With: map[string]int64{"rate": 0}}}},
	{name: "answers get stuck", lasts: outage, later: []servers.Toxic{{Type: "bandwidth", Answers: true, With: map[string]int64{"rate": 0}}}},
	{name: "down for seconds", lasts: outage, cut: true},
	{name: "down for good", lasts: -1, cut: true, fails: []string{"check the network"}},
	{name: "swallowed for good", lasts: -1, later: []servers.Toxic{{Type: "timeout", With: map[string]int64{"timeout": 0}}}, fails: []string{"check the network"}},
}

// TestBadNetworks deploys to a real store through a bad network. Each deploy goes
// live, or fails and says what to do; the next one finishes it. At no time is a
// page there whose assets are not, and no content is written twice.
func TestBadNetworks(t *testing.T) {
	proxy := servers.StartToxiproxy(t)
	gw := servers.StartVersityGW(t)
	var all sync.WaitGroup // more at once than -parallel lets run: they mostly wait
	turns := make(chan struct{}, 6)
	for _, w := range weathers {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(w.name, func(t *testing.T) {
				name := strings.ReplaceAll(w.name, " ", "-")
				if err := os.Mkdir(filepath.Join(gw.Data, name), 0o755); err != nil {
					t.Fatal(err)
				}
				writes := &accepted{times: map[string]int{}}
				s := &storm{weather: w, gw: gw, bucket: name, writes: writes, link: proxy.Link(t, name, writes.before(t, gw.Endpoint))}
				s.play(t)
			})
		})
	}
	all.Wait()
}

// storm is a deploy in bad weather.
type storm struct {
	weather
	gw     *servers.VersityGW
	bucket string
	writes *accepted
	link   *servers.Link
}

func (s *storm) play(t *testing.T) {
	t.Helper()
	first, second := s.build(t, 1), s.build(t, 2)
	if _, err := engine.Run(t.Context(), s.open(t, s.gw.Endpoint, 8), s.options(first)); err != nil {
		t.Fatalf("deploy in good weather: %v", err)
	}
	stop := s.visit(t)
	defer stop()
	s.link.Poison(t, s.toxics...)
	attempts := 8
	if len(s.fails) > 0 {
		attempts = 2
	}
	o := s.options(second)
	o.Progress = s.worsen(t)
	began := time.Now()
	result, err := engine.Run(t.Context(), s.open(t, s.link.Endpoint, attempts), o)
	t.Logf("after %s: live %v, %d requests for %d files: %v", time.Since(began).Round(time.Millisecond), result.Live, result.Requests, result.Uploaded, err)
	s.judge(t, result, err)
	if err == nil && s.writes.none() {
		t.Error("no write went through the link")
	}
	if err != nil {
		lost := s.lacks(t, second)
		result, err = engine.Run(t.Context(), s.open(t, s.gw.Endpoint, 8), s.options(second))
		if err != nil || !result.Live {
			t.Fatalf("the next deploy: live %v, %v", result.Live, err)
		}
		if result.UploadedBytes > lost {
			t.Errorf("the next deploy sent %d bytes where %d were missing", result.UploadedBytes, lost)
		}
	}
	if err := holds(s.read(t), second); err != nil {
		t.Error(err)
	}
	s.writes.judge(t)
}

func (s *storm) judge(t *testing.T, result deploy.Result, err error) {
	t.Helper()
	if len(s.fails) == 0 && (err != nil || !result.Live || len(result.Warnings) > 0) {
		t.Errorf("the deploy did not get through: live %v, warnings %q, %v", result.Live, result.Warnings, err)
	}
	if len(s.fails) > 0 && err == nil {
		t.Error("the deploy got through where nothing could")
	}
	for _, want := range s.fails {
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
}

// build is a site with one file that does not fit into a packet or a buffer.
func (s *storm) build(t *testing.T, version int) build {
	t.Helper()
	b := makeBuild(t, 16, version)
	film := strings.Repeat(string(rune('a'+version)), 30_000)
	b.files["files/film.mp4"] = film
	if err := os.WriteFile(filepath.Join(b.dir, "files", "film.mp4"), []byte(film), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *storm) open(t *testing.T, endpoint string, attempts int) store.Destination {
	t.Helper()
	dest, err := destination.Open(t.Context(), "s3://"+s.bucket+"/"+prefix, destination.Options{
		Endpoint: endpoint, AccessKey: s.gw.AccessKey, SecretKey: s.gw.SecretKey, MaxAttempts: attempts, StallTimeout: stall,
	})
	if err != nil {
		t.Fatal(err)
	}
	return dest
}

func (s *storm) options(b build) engine.Options {
	o := options(b)
	o.LeaseTTL, o.LockWait = 15*time.Second, time.Minute
	if len(s.fails) > 0 {
		o.LeaseTTL = 8 * time.Second // it blocks the next deploy
	}
	return o
}

// worsen makes the link worse at the first page.
func (s *storm) worsen(t *testing.T) func(deploy.Event) {
	t.Helper()
	var once sync.Once
	return func(e deploy.Event) {
		if e.Phase != rules.ClassPage.String() {
			return
		}
		once.Do(func() {
			s.link.Poison(t, s.later...)
			if s.cut {
				s.link.Cut(t)
			}
			if s.lasts > 0 {
				repair := time.AfterFunc(s.lasts, func() { s.improve(t) })
				t.Cleanup(func() { repair.Stop() })
			}
		})
	}
}

func (s *storm) improve(t *testing.T) {
	t.Helper()
	s.link.Heal(t, s.later...)
	if s.cut {
		s.link.Restore(t)
	}
}

// read is the bucket as the store has it on its disk.
func (s *storm) read(t *testing.T) map[string]fakes3.Object {
	t.Helper()
	root := filepath.Join(s.gw.Data, s.bucket)
	objects := map[string]fakes3.Object{}
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone while we looked
		}
		if err != nil || e.IsDir() {
			return err
		}
		key, _ := filepath.Rel(root, name)
		body, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		objects[filepath.ToSlash(key)] = fakes3.Object{Body: body}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return objects
}

// visit looks at the site again and again, until it is told to stop.
func (s *storm) visit(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var visitor sync.WaitGroup
	looks := 0
	visitor.Go(func() {
		for ctx.Err() == nil {
			pages := s.read(t)
			objects := s.read(t) // read after the pages: what they name must be there by then
			for key, o := range pages {
				if !strings.HasSuffix(key, ".html") {
					objects[key] = o
				}
			}
			for key, o := range pages {
				if strings.HasPrefix(key, prefix) && strings.HasSuffix(key, ".html") && !whole(objects, o) {
					t.Errorf("torn: %s names an asset that is not there", key)
				}
			}
			looks++
			time.Sleep(150 * time.Millisecond)
		}
	})
	return func() {
		cancel()
		visitor.Wait()
		if looks == 0 {
			t.Error("nobody looked at the site")
		}
	}
}

// lacks is how many bytes of a build the store does not have.
func (s *storm) lacks(t *testing.T, b build) int64 {
	t.Helper()
	got := served(s.read(t))
	var n int64
	for name, want := range b.files {
		if got[name] != want {
			n += int64(len(want))
		}
	}
	return n
}

// accepted stands before the store and notes the writes that it took.
type accepted struct {
	mu    sync.Mutex
	times map[string]int // by key and content
}

func (a *accepted) before(t *testing.T, store string) string {
	t.Helper()
	target, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: a.note,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

func (a *accepted) note(r *http.Response) error {
	key := r.Request.URL.Path
	if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusOK && !strings.Contains(key, "/.pressrun/") && !strings.HasSuffix(key, manifest.MarkerPath) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.times[key+" "+r.Request.Header.Get("X-Amz-Content-Sha256")]++
	}
	return nil
}

func (a *accepted) none() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.times) == 0
}

func (a *accepted) judge(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for what, n := range a.times {
		if n > 1 {
			t.Errorf("written %d times: %s", n, what)
		}
	}
}
