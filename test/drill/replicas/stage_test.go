//go:build unix

package replicas

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
	"github.com/pressrun/pressrun/test/servers"
)

const (
	operatorToken = "the drill's operator"
	// clocksOff is how far the clocks of two replicas are off, one each way.
	clocksOff = 5 * time.Minute
)

var siteNames = []string{"www", "docs", "news"}

// stage is the whole scene of one round.
type stage struct {
	t      *testing.T
	seed   uint64
	began  time.Time
	random *rand.Rand
	ctx    context.Context //nolint:containedctx // the life of the round

	primary, standby *servers.PostgresServer
	asking           *pgx.Conn       // by which the drill itself asks the database
	links            []*servers.Link // of the second replica, to the primary and to the standby
	replicas         []*replica
	github           *fakegithub.Server
	receiver         *receiver
	runs             *runs
	turn             atomic.Int64
	followed         atomic.Int64 // the event that the follower saw last
	members          sync.WaitGroup
	away             bool // a guard is: it may be that not everything ends

	mu      sync.Mutex
	asked   []*asked
	waits   []wait
	outages []wait // of the database
	found   figures
}

// wait is how long somebody waited, and for what.
type wait struct {
	what     string
	from, to time.Time
}

// programs gives the program of each replica.
type programs func(ctx context.Context, dir string) ([3]string, error)

// newStage sets the scene, in which nobody plays before start.
func newStage(t *testing.T, seed uint64, build programs) *stage {
	t.Helper()
	s := &stage{t: t, seed: seed, began: time.Now(), random: rand.New(rand.NewPCG(seed, 0)), ctx: t.Context(), runs: newRuns(), receiver: startReceiver(t)}
	var made [3]string
	making, dir := make(chan error, 1), t.TempDir()
	go func() {
		var err error
		made, err = build(t.Context(), dir)
		making <- err
	}()
	s.database()
	if err := <-making; err != nil {
		t.Fatal(err)
	}
	var err error
	if s.github, err = fakegithub.Start(fakegithub.Options{OnDispatch: func(run fakegithub.Run) { s.play(s.ctx, run) }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.github.Close)
	s.install(made)
	return s
}

// start starts all replicas at once. Where they lack a guard, one that does not come up is
// started again.
func (s *stage) start() {
	s.t.Helper()
	for _, r := range s.replicas {
		r.start(s.t)
	}
	for _, r := range s.replicas {
		eventually.Succeeds(s.t, "replica "+r.name+" to be ready", func() error {
			if s.away {
				time.Sleep(again)
				r.revive(s.t)
			}
			return r.ask()
		})
	}
	s.query(fences)
	s.tell("the scene is set")
}

// database starts a primary and its synchronous standby.
func (s *stage) database() {
	s.t.Helper()
	s.primary = servers.StartPostgres(s.t)
	s.standby = s.primary.Standby(s.t)
	s.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
	s.query(`SELECT pg_reload_conf()`)
	s.until("the standby to be synchronous", "1", `SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'`)
}

// install makes the three replicas: each reaches the database in its own way.
func (s *stage) install(programs [3]string) {
	s.t.Helper()
	t := s.t
	proxy := servers.StartToxiproxy(t)
	hosts := [3][]string{{s.primary.Address, s.standby.Address}}
	for i, server := range hosts[0] {
		link := proxy.Link(t, fmt.Sprint("database", i), "http://"+server)
		s.links = append(s.links, link)
		hosts[1] = append(hosts[1], strings.TrimPrefix(link.Endpoint, "http://"))
		hosts[2] = append(hosts[2], servers.PgBouncer(t, server, "transaction"))
	}
	addresses := [3]string{servers.FreeAddress(t), servers.FreeAddress(t), servers.FreeAddress(t)}
	alike := s.alike("http://" + addresses[0])
	for i, name := range []string{"direct", "proxied", "pooled"} {
		s.replicas = append(s.replicas, install(t, name, programs[i], operatorToken, alike, map[string]any{
			"listen": addresses[i], "ledger": servers.PostgresURL(hosts[i]...) + "&application_name=" + name,
		}))
	}
}

// alike is the configuration that all replicas share: sites that release at once and try
// again soon, so that there is much to do.
func (s *stage) alike(url string) map[string]any {
	s.t.Helper()
	dir := s.t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
		return path
	}
	hash := sha256.Sum256([]byte(operatorToken))
	notices := file("notices", "whsec_ZHJpbGwgb2YgcmVwbGljYXMsIG5vdCBhIHNlY3JldA==")
	sites := map[string]any{}
	for _, name := range siteNames {
		s.github.AddRepo("acme", name, fakegithub.ContentRelease())
		sites[name] = map[string]any{
			"runner": "github", "quiet": "0s", "max_wait": "1s", "retry": []string{"1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"},
			"github": map[string]any{"repository": "acme/" + name, "deployments": false},
			"notify": []any{map[string]any{
				"name": "drill", "kind": "webhook", "url": s.receiver.http.URL, "secret_file": notices, "events": []string{"release.live"},
			}},
		}
	}
	return map[string]any{
		"url":    url,
		"tokens": []any{map[string]any{"name": "drill", "role": "operator", "sha256": hex.EncodeToString(hash[:])}},
		"github": map[string]any{
			"api_url": s.github.URL, "app_id": s.github.AppID, "key_file": file("key", string(s.github.KeyPEM())),
			"issuer": s.github.Issuer(), "webhook_secret_files": []string{file("webhooks", "the webhooks' secret")},
		},
		"sites": sites,
	}
}

// at is the server that takes writes now.
func (s *stage) at() *servers.PostgresServer {
	if s.primary != nil {
		return s.primary
	}
	return s.standby
}

// query has the database carry statements out, and gives what the last one selects.
func (s *stage) query(text string) [][]string {
	s.t.Helper()
	results, err := s.reach().PgConn().Exec(s.t.Context(), text).ReadAll()
	if err != nil {
		s.t.Fatalf("ask the drill's database: %v", err)
	}
	var rows [][]string
	for _, row := range results[len(results)-1].Rows {
		var values []string
		for _, v := range row {
			values = append(values, string(v))
		}
		rows = append(rows, values)
	}
	return rows
}

// reach is the connection to the server that takes writes now.
func (s *stage) reach() *pgx.Conn {
	s.t.Helper()
	if s.asking != nil && !s.asking.IsClosed() {
		return s.asking
	}
	var err error
	if s.asking, err = pgx.Connect(s.t.Context(), s.at().URL()); err != nil {
		s.t.Fatalf("reach the drill's database: %v", err)
	}
	conn := s.asking
	s.t.Cleanup(func() { _ = conn.Close(context.Background()) }) // nothing is left to be said
	return conn
}

// until waits until a query gives what is wanted first.
func (s *stage) until(what, want, query string) {
	s.t.Helper()
	eventually.Holds(s.t, what, func() bool { return s.glance(query) == want })
}

// glance is one, asked so seldom that it costs the replicas little.
func (s *stage) glance(query string) string {
	s.t.Helper()
	time.Sleep(20 * time.Millisecond)
	return s.one(query)
}

// tell says when something was done.
func (s *stage) tell(format string, args ...any) {
	s.t.Helper()
	s.t.Logf("%5.1f s: %s", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

// one is the first value that a query gives; "" for none.
func (s *stage) one(text string) string {
	s.t.Helper()
	for _, row := range s.query(text) {
		return row[0]
	}
	return ""
}

// waited notes how long somebody waited.
func (s *stage) waited(what string, from, to time.Time) {
	if to.Sub(from) < time.Second {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = append(s.waits, wait{what, from, to})
}

// breach notes what must not be, that no figure counts.
func (s *stage) breach(format string, args ...any) { s.note(&s.found.others, format, args...) }

// note counts something that must not be, and tells of it the first few times.
func (s *stage) note(figure *int, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*figure++
	if *figure <= 5 && s.ctx.Err() == nil {
		s.t.Logf("BROKEN: "+format, args...)
	}
}
