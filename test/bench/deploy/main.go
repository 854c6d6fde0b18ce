// Command deploy measures what a deploy costs, beside the tools that people use
// today, over one site and one S3 server (versitygw) in one run:
//
//	go run ./test/bench/deploy [-pages 20000] [-latency 50ms] [-tools pressrun,rclone] [-deploys 3] [-dir FOLDER]
//
// Each tool publishes the whole site, then the same site with every file's time
// new (as after each CI build), then with 1 % of the pages edited in place. Tools
// that are not installed are left out, and the output says so. With several sizes
// (-pages 1000,10000,100000) it shows how the cost grows. With -deploys 10 the
// editing goes on up to the tenth deploy, in which pressrun tidies old releases away.
//
// The server keeps connections open, as S3 does. A disk that is busy shows in
// every figure: -dir /dev/shm measures without one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/test/freeport"
)

const (
	accessKey = "bench-access"
	secretKey = "bench-secret"
	bucket    = "site"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-deploy:", err)
		os.Exit(1)
	}
}

// bench is one run of the comparison.
type bench struct {
	home     string
	site     string // the built site
	data     string // what the server keeps
	folder   string // deployed to without a server
	endpoint string
	generate string // gensite.py
	deploys  int    // of each tool
	out      io.Writer
}

func run(ctx context.Context) (err error) {
	sizes := flag.String("pages", "20000", "pages of the site; it has a twentieth as many assets. Several sizes, parted by commas, in turn")
	latency := flag.Duration("latency", 0, "delay of each answer, as of a store far away")
	only := flag.String("tools", "", "tools to run, by name, parted by commas (default: all that are installed)")
	deploys := flag.Int("deploys", 3, "deploys of each tool; those after the third have 1 % edited too")
	dir := flag.String("dir", "", "folder for the site and the server's files (default: the system's temporary one)")
	flag.Parse()
	home, err := os.MkdirTemp(*dir, "pressrun-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(home) }()
	_, file, _, _ := runtime.Caller(0)
	b := &bench{
		home: home, site: filepath.Join(home, "site"), data: filepath.Join(home, "data"), folder: filepath.Join(home, "folder"),
		generate: filepath.Join(filepath.Dir(file), "gensite.py"), out: os.Stdout,
		deploys: *deploys,
	}
	program := filepath.Join(home, "pressrun")
	if err := command(ctx, nil, "go", "build", "-o", program, "github.com/pressrun/pressrun/cmd/pressrun"); err != nil {
		return err
	}
	stopServer, err := b.serve(ctx, *latency)
	if err != nil {
		return err
	}
	defer stopServer()
	for size := range strings.SplitSeq(*sizes, ",") {
		if err := b.compare(ctx, size, *only, program); err != nil {
			return err
		}
	}
	return nil
}

// compare makes a site of a size and has each tool publish it.
func (b *bench) compare(ctx context.Context, pages, only, program string) error {
	if err := os.RemoveAll(b.site); err != nil {
		return err
	}
	if err := b.python(ctx, "make", b.site, pages); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%s pages\n%-22s %-10s %8s %8s %9s\n", pages, "tool", "case", "wall s", "cpu s", "peak MB")
	for _, tool := range peers(program, b.site, b.endpoint, b.folder) {
		if only != "" && !slices.Contains(strings.Split(only, ","), tool.name) {
			continue
		}
		if _, err := exec.LookPath(tool.args[0]); err != nil {
			fmt.Fprintf(b.out, "%-22s not installed, left out\n", tool.name)
			continue
		}
		if err := b.measure(ctx, tool); err != nil {
			return fmt.Errorf("%s: %w", tool.name, err)
		}
	}
	return nil
}

// peer is a tool and how it publishes the site.
type peer struct {
	name string
	args []string
}

func peers(program, site, endpoint, folder string) []peer {
	remote := ":s3,provider=Other,env_auth=true,endpoint='" + endpoint + "',region=us-east-1:" + bucket
	return []peer{
		{"pressrun", []string{program, "deploy", site, "s3://" + bucket, "--endpoint", endpoint}},
		{"pressrun file://", []string{program, "deploy", site, "file://" + filepath.ToSlash(folder)}},
		{"rclone", []string{"rclone", "sync", site, remote}},
		{"rclone --checksum -t32", []string{"rclone", "sync", "--checksum", "--fast-list", "--s3-no-head", "--transfers", "32", "--checkers", "32", site, remote}},
		{"s5cmd", []string{"s5cmd", "--endpoint-url", endpoint, "sync", "--delete", site + "/", "s3://" + bucket}},
		{"s3deploy", []string{"s3deploy", "-endpoint-url", endpoint, "-path-style", "-region", "us-east-1", "-bucket", bucket, "-source", site}},
		{"aws s3 sync", []string{"aws", "--endpoint-url", endpoint, "s3", "sync", "--quiet", "--delete", site, "s3://" + bucket}},
	}
}

// measure runs a tool through the three cases, from an empty bucket on, and edits on.
func (b *bench) measure(ctx context.Context, tool peer) error {
	if err := b.empty(); err != nil {
		return err
	}
	for n := range b.deploys {
		step, change := "full", []string(nil)
		switch {
		case n == 1:
			step, change = "unchanged", []string{"touch", b.site}
		case n > 1:
			step, change = "1 %", []string{"edit", b.site, "0.01", fmt.Sprint(time.Now().UnixNano() % 1e6)}
		}
		if n > 2 {
			step = fmt.Sprintf("1 %%, %dth", n+1)
		}
		if change != nil {
			if err := b.python(ctx, change...); err != nil {
				return err
			}
		}
		cmd := exec.CommandContext(ctx, tool.args[0], tool.args[1:]...)
		cmd.Env = environment()
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", step, err, out[max(0, len(out)-2000):])
		}
		wall := time.Since(began)
		state := cmd.ProcessState
		peak := 0.0
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			peak = float64(usage.Maxrss) / 1024
		}
		fmt.Fprintf(b.out, "%-22s %-10s %8.2f %8.2f %9.0f\n", tool.name, step,
			wall.Seconds(), (state.UserTime() + state.SystemTime()).Seconds(), peak)
	}
	return nil
}

// environment has the keys, and no bundle of authorities: the server speaks HTTP.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	return append(env, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey, "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true")
}

func (b *bench) empty() error {
	dir := filepath.Join(b.data, bucket)
	if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(b.folder)); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o750)
}

func (b *bench) python(ctx context.Context, args ...string) error {
	return command(ctx, nil, "python3", append([]string{b.generate}, args...)...)
}

func command(ctx context.Context, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// serve starts versitygw, and a line of the given latency before it.
func (b *bench) serve(ctx context.Context, latency time.Duration) (stop func(), err error) {
	if err := b.empty(); err != nil {
		return nil, err
	}
	binary, err := findTool("versitygw")
	if err != nil {
		return nil, err
	}
	address, err := freeport.Address()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, "--port", address, "--region", "us-east-1", "--health", "/health", "--keep-alive", "--quiet", "posix", b.data)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	if err := await(ctx, "http://"+address+"/health"); err != nil {
		stop()
		return nil, err
	}
	if latency > 0 {
		if address, err = line(ctx, address, latency); err != nil {
			stop()
			return nil, err
		}
	}
	b.endpoint = "http://" + address
	return stop, nil
}

// findTool looks where tests do: $PRESSRUN_TOOLS_BIN, bin/tools, the PATH.
func findTool(name string) (string, error) {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(file))))
	for _, dir := range []string{os.Getenv("PRESSRUN_TOOLS_BIN"), filepath.Join(root, "bin", "tools")} {
		if info, err := os.Stat(filepath.Join(dir, name)); dir != "" && err == nil && !info.IsDir() {
			return filepath.Join(dir, name), nil
		}
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed: run make tools", name)
	}
	return found, nil
}

func await(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			return response.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server did not come up: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
