//go:build unix

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
	"github.com/pressrun/pressrun/test/freeport"
)

const operatorToken = "the drill's operator"

// stage is the whole scene.
type stage struct {
	options options
	github  *fakegithub.Server
	url     string
	client  *api.Client
	sites   []string
	app     *child

	mu      sync.Mutex
	rng     *rand.Rand
	figures figures
	effects map[string]map[int64]bool // runs that built a release, by site and release
	asked   map[string]string         // acknowledged requests and their sites
}

func drill(ctx context.Context, o options) (f figures, err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "pressrun-dispatch-*")
	if err != nil {
		return f, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &stage{options: o, rng: rand.New(rand.NewPCG(o.seed, 7)), effects: map[string]map[int64]bool{}, asked: map[string]string{}}
	if s.github, err = fakegithub.Start(fakegithub.Options{OnDispatch: func(run fakegithub.Run) { s.play(ctx, run) }}); err != nil {
		return f, err
	}
	defer s.github.Close()
	if err := s.build(dir); err != nil {
		return f, err
	}
	if err := s.app.start(); err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.app.kill()) }()
	if err := s.storm(ctx); err != nil {
		return s.count(began), err
	}
	err = s.calm(ctx)
	return s.count(began), err
}

// build writes the app's configuration: sites that release at once and try
// again soon, so that there is much to dispatch.
func (s *stage) build(dir string) error {
	address, err := freeport.Address()
	if err != nil {
		return err
	}
	s.url = "http://" + address
	for name, text := range map[string]string{"key": string(s.github.KeyPEM()), "hook": "the webhooks' secret"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write a secret: %w", err)
		}
	}
	hash := sha256.Sum256([]byte(operatorToken))
	conf := config.Config{
		Listen: address, URL: s.url, State: filepath.Join(dir, "state"), Pages: config.Pages{Access: "token"},
		Tokens: []config.Token{{Name: "drill", Role: "operator", SHA256: hex.EncodeToString(hash[:])}},
		GitHub: config.GitHub{
			Kind: "github", URL: "https://github.com", APIURL: s.github.URL, AppID: int(s.github.AppID), KeyFile: filepath.Join(dir, "key"),
			Issuer: s.github.Issuer(), WebhookSecretFiles: []string{filepath.Join(dir, "hook")},
		},
		Sites: map[string]config.Site{},
	}
	zero, no, soon := config.Duration(0), false, config.Duration(time.Second)
	for i := range s.options.sites {
		name := fmt.Sprintf("site-%02d", i)
		s.sites = append(s.sites, name)
		s.github.AddRepo("acme", name, fakegithub.ContentRelease())
		conf.Sites[name] = config.Site{
			Title: name, TimeZone: "UTC", Runner: "github", Quiet: &zero, Retry: []config.Duration{soon, soon, soon, soon, soon, soon},
			Deadlines: config.Deadlines{Silence: &soon},
			GitHub:    config.SiteGitHub{Repository: "acme/" + name, Workflow: "content-release.yml", Ref: "main", Environment: "production", Deployments: &no},
		}
	}
	text, err := json.Marshal(conf)
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if s.client, err = api.NewClient(s.url, operatorToken, api.Options{Tries: 1}); err != nil {
		return err
	}
	s.github.SetHook(s.url+"/v1/github/webhooks", "the webhooks' secret", s.hooks)
	s.github.Inject(fakegithub.Dispatches(func(*http.Request) *fakegithub.Fault {
		if !s.happens(s.options.lost) {
			return nil
		}
		s.mu.Lock()
		s.figures.answersLost++
		s.mu.Unlock()
		return &fakegithub.Fault{Lose: true}
	}))
	s.app, err = newChild(dir)
	return err
}

// hooks loses most webhooks, or they would tell of every lost run.
func (s *stage) hooks(fakegithub.Hook) fakegithub.HookPlan {
	if s.happens(0.7) {
		return fakegithub.HookPlan{Copies: -1}
	}
	return fakegithub.HookPlan{Copies: 2, Delay: s.upTo(2 * time.Second)}
}

func (s *stage) happens(p float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.Float64() < p
}

func (s *stage) upTo(d time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.rng.Int64N(int64(d)))
}

// storm asks and kills until there have been enough dispatches.
func (s *stage) storm(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var askers sync.WaitGroup
	for _, name := range s.sites {
		askers.Go(func() { s.askWithoutEnd(ctx, name) })
	}
	defer askers.Wait()
	defer stop()
	said := time.Now()
	for s.github.Count(http.MethodPost, "/dispatches") < s.options.dispatches {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("too slow: %d of %d dispatches: %w", s.github.Count(http.MethodPost, "/dispatches"), s.options.dispatches, err)
		}
		lag := s.upTo(2 * grace)
		s.github.Change(func(o *fakegithub.Options) { o.ListLag = lag })
		time.Sleep(200*time.Millisecond + s.upTo(s.options.life))
		if err := s.app.kill(); err != nil {
			return err
		}
		s.figures.kills++
		if err := s.app.start(); err != nil {
			return err
		}
		if time.Since(said) > 15*time.Second {
			said = time.Now()
			fmt.Printf("%d dispatches, %d kills\n", s.github.Count(http.MethodPost, "/dispatches"), s.figures.kills)
		}
	}
	return nil
}

func (s *stage) askWithoutEnd(ctx context.Context, site string) {
	for n := 0; ctx.Err() == nil; n++ {
		got, err := s.client.Ask(ctx, site, fmt.Sprintf("%s-%d", site, n), api.RequestInput{Source: release.FromEditor, Actor: "Ada"})
		if err == nil {
			s.mu.Lock()
			s.asked[got.ID] = site
			s.mu.Unlock()
		}
		time.Sleep(50*time.Millisecond + s.upTo(400*time.Millisecond))
	}
}

// calm lets everything come to its end, with an app that lives and a list that
// does not lag, and looks for what is not live.
func (s *stage) calm(ctx context.Context) error {
	s.github.Change(func(o *fakegithub.Options) { o.ListLag = 0 })
	for _, site := range s.sites { // a person asks again where a site is held
		for n := 0; ; n++ {
			got, err := s.client.Ask(ctx, site, "last-"+site, api.RequestInput{Source: release.FromEditor, Actor: "Ada"})
			if err == nil {
				s.asked[got.ID] = site
				break
			}
			if n > 100 || ctx.Err() != nil {
				return fmt.Errorf("ask in the calm: %w", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	s.figures.asked = int64(len(s.asked))
	open := s.asked
	for deadline := time.Now().Add(3 * time.Minute); len(open) > 0 && time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(500 * time.Millisecond) {
		open = s.open(ctx, open)
	}
	s.figures.lost = int64(len(open))
	return nil
}

// open are the requests that are not live.
func (s *stage) open(ctx context.Context, of map[string]string) map[string]string {
	out := map[string]string{}
	for id, site := range of {
		got, err := s.client.Request(ctx, id)
		if err != nil || got.Status != release.Live {
			out[id] = site
		}
	}
	return out
}

func (s *stage) count(began time.Time) figures {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.figures
	f.dispatches = s.github.Count(http.MethodPost, "/dispatches")
	f.runs = len(s.github.Runs())
	for name, runs := range s.effects {
		if len(runs) > 1 {
			f.doubleEffects += len(runs) - 1
			fmt.Printf("%s was built by %d runs\n", name, len(runs))
		}
	}
	for _, v := range s.github.Violations() {
		f.violations++
		fmt.Println("against GitHub's description:", v)
	}
	f.took = time.Since(began)
	return f
}
