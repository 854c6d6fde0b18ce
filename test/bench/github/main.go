// Command github measures how soon a webhook of GitHub's is acknowledged: after
// it was verified, read and committed to disk. The senders are in a process of
// their own, as GitHub is. It holds nothing against a limit: it exits with 0
// unless it can't run.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/fakegithub"
)

const (
	childVariable = "PRESSRUN_BENCH_APP"
	secret        = "the webhooks' secret"
)

func main() {
	if dir := os.Getenv(childVariable); dir != "" {
		exit(serve(dir))
	}
	senders := flag.Int("senders", 512, "how many send at the same time")
	span := flag.Duration("span", 5*time.Second, "how long each measurement lasts")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	exit(bench(context.Background(), *senders, *span, *asJSON))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve is the app that is measured.
func serve(dir string) error {
	no := false
	a, err := app.New(context.Background(), app.Options{
		Config: config.Config{
			Listen: "127.0.0.1:0", URL: "http://pressrun.test", State: filepath.Join(dir, "state"), Pages: config.Pages{Access: "token"},
			GitHub: config.GitHub{Kind: "github", APIURL: "http://127.0.0.1:1", TokenFile: filepath.Join(dir, "secret"), WebhookSecretFiles: []string{filepath.Join(dir, "secret")}},
			Sites: map[string]config.Site{"www": {TimeZone: "UTC", Runner: "github", GitHub: config.SiteGitHub{
				Repository: "acme/www", Workflow: "content-release.yml", Ref: "main", Deployments: &no,
			}}},
		},
		NewRunner: func(runner.OnEvent) (runner.Runner, error) { return runner.BySite{}, nil },
	})
	if err != nil {
		return err
	}
	return a.Run(context.Background(), func(addr net.Addr) { fmt.Println(addr) })
}

// figures of one measurement; times are milliseconds.
type figures struct {
	Senders   int     `json:"senders"`
	Pause     string  `json:"pause"`
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
}

func bench(ctx context.Context, senders int, span time.Duration, asJSON bool) (err error) {
	dir, err := os.MkdirTemp("", "pressrun-bench-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(secret), 0o600); err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env, cmd.Stderr = append(os.Environ(), childVariable+"="+dir), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start the app: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the app: %w", err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGKILL) // it has nothing to lose
		_ = cmd.Wait()
	}()
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil {
		return fmt.Errorf("start the app: %w", err)
	}
	address := "http://" + strings.TrimSpace(string(line[:n])) + "/v1/github/webhooks"
	body, err := payload()
	if err != nil {
		return err
	}
	var all []figures
	for _, pause := range []time.Duration{time.Second, 0} {
		fmt.Fprintln(os.Stderr, "measuring webhooks,", senders, "senders, pause", pause)
		f, err := measure(ctx, address, body, senders, span, pause)
		if err != nil {
			return err
		}
		all = append(all, f)
	}
	if asJSON {
		return json.NewEncoder(os.Stdout).Encode(all)
	}
	for _, f := range all {
		fmt.Printf("webhooks_acknowledged: senders=%d pause=%s per_second=%.0f p50_ms=%.1f p99_ms=%.1f max_ms=%.1f\n", f.Senders, f.Pause, f.PerSecond, f.P50, f.P99, f.Max)
	}
	return nil
}

// payload is the webhook of a run of the site's workflow.
func payload() ([]byte, error) {
	github, err := fakegithub.Start(fakegithub.Options{InProcess: true})
	if err != nil {
		return nil, err
	}
	defer github.Close()
	github.AddRepo("acme", "www", fakegithub.ContentRelease())
	run, err := github.Press("acme/www", "content-release.yml", "schedule", nil)
	if err != nil {
		return nil, err
	}
	return github.RunPayload(run, "requested"), nil
}

// measure has senders send webhooks of runs, each with a pause of about so
// long between two; 0 for none, which shows what the machine can do at most.
func measure(ctx context.Context, address string, body []byte, senders int, span, pause time.Duration) (figures, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders, MaxConnsPerHost: senders}, Timeout: 30 * time.Second}
	signature := fakegithub.Sign(secret, body)
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	var wait sync.WaitGroup
	began := time.Now()
	for i := range senders {
		wait.Go(func() {
			var own []time.Duration
			chance := rand.New(rand.NewPCG(uint64(i), uint64(span)))
			if pause > 0 {
				time.Sleep(time.Duration(chance.Int64N(int64(pause))))
			}
			for n := 0; time.Since(began) < span; n++ {
				start := time.Now()
				err := send(ctx, client, address, fmt.Sprintf("%08d-%d-%08d", i, pause, n), body, signature)
				own = append(own, time.Since(start))
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				if pause > 0 {
					time.Sleep(pause/2 + time.Duration(chance.Int64N(int64(pause))))
				}
			}
			mu.Lock()
			took = append(took, own...)
			mu.Unlock()
		})
	}
	wait.Wait()
	elapsed := time.Since(began)
	if failed != nil || len(took) == 0 {
		return figures{}, fmt.Errorf("send webhooks: %w", failed)
	}
	slices.Sort(took)
	ms := func(share float64) float64 {
		return float64(took[min(int(share*float64(len(took))), len(took)-1)].Microseconds()) / 1000
	}
	return figures{Senders: senders, Pause: pause.String(), PerSecond: float64(len(took)) / elapsed.Seconds(), P50: ms(0.5), P99: ms(0.99), Max: ms(1)}, nil
}

func send(ctx context.Context, client *http.Client, address, id string, body []byte, signature string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("X-GitHub-Event", "workflow_run")
	r.Header.Set("X-GitHub-Delivery", id)
	r.Header.Set("X-Hub-Signature-256", signature)
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusAccepted {
		err = errors.Join(err, fmt.Errorf("the app answered %s", resp.Status))
	}
	return errors.Join(err, resp.Body.Close())
}
