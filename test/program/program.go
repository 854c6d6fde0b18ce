// Package program builds the pressrun program and runs it as a process, for
// end-to-end tests, drills and benchmarks.
package program

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/test/freeport"
)

// Server is an installation of pressrun: a configuration and its state.
type Server struct {
	// URL is where it listens, Token an operator's.
	URL, Token string
	// Editors are the tokens of people, by name; see InstallFor.
	Editors map[string]string
	// State is its state folder, Log what its processes said.
	State, Log string
	command    []string
}

// Install writes a configuration with some sites into a folder. command is the
// program and its arguments up to the configuration file's name.
func Install(ctx context.Context, dir string, sites map[string]any, command ...string) (*Server, error) {
	return InstallFor(ctx, dir, sites, nil, command...)
}

// InstallFor is Install with tokens for some editors beside the operator's.
func InstallFor(ctx context.Context, dir string, sites map[string]any, editors []string, command ...string) (*Server, error) {
	return InstallWith(ctx, dir, Settings{Sites: sites, Editors: editors}, command...)
}

// Settings are what is configured beside the addresses. SignIn is the key sign_in, nil
// to leave it out; More are further keys of the configuration. Apart has a file for each
// site in a folder, as very many sites need.
type Settings struct {
	Sites   map[string]any
	Editors []string // by name, each with a token
	SignIn  any
	More    map[string]any
	Apart   bool
}

// InstallWith is Install with more settings.
func InstallWith(_ context.Context, dir string, settings Settings, command ...string) (*Server, error) {
	address, err := freeport.Address()
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + address, Token: rand.Text(), State: filepath.Join(dir, "state"), Log: filepath.Join(dir, "serve.log")}
	tokens := []any{tokenOf("drill", "operator", s.Token)}
	for _, name := range settings.Editors {
		if s.Editors == nil {
			s.Editors = map[string]string{}
		}
		s.Editors[name] = rand.Text()
		tokens = append(tokens, tokenOf(name, "editor", s.Editors[name]))
	}
	// JSON is YAML, too.
	all := map[string]any{"listen": address, "url": s.URL, "state": s.State, "tokens": tokens, "sites": settings.Sites}
	if settings.SignIn != nil {
		all["sign_in"] = settings.SignIn
	}
	maps.Copy(all, settings.More)
	file := filepath.Join(dir, "pressrun.yaml")
	if settings.Apart {
		delete(all, "sites")
		file = filepath.Join(dir, "conf", "pressrun.yaml")
		for name, site := range settings.Sites {
			if err := writeJSON(filepath.Join(dir, "conf", "sites", name+".yaml"), site); err != nil {
				return nil, err
			}
		}
	}
	if err := writeJSON(file, all); err != nil {
		return nil, err
	}
	if settings.Apart {
		file = filepath.Dir(file)
	}
	s.command = append(command, file)
	return s, nil
}

func writeJSON(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}

// At is an installation whose configuration is there already. command is the program with
// all its arguments; what it says is kept in a folder.
func At(address, dir string, command ...string) *Server {
	return &Server{URL: "http://" + address, Log: filepath.Join(dir, "serve.log"), command: command}
}

func tokenOf(name, role, token string) map[string]any {
	sum := sha256.Sum256([]byte(token))
	return map[string]any{"name": name, "role": role, "sha256": hex.EncodeToString(sum[:])}
}

// Process is a running server.
type Process struct {
	server *Server
	cmd    *exec.Cmd
	log    *os.File
}

// Start begins a process and does not wait for it to answer: see Ready.
func (s *Server) Start() (*Process, error) {
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	cmd := exec.CommandContext(context.Background(), s.command[0], s.command[1:]...) // ended by Kill or Stop alone
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", s.command[0], err), log.Close())
	}
	return &Process{server: s, cmd: cmd, log: log}, nil
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ready waits until the server answers, and gives up after limit.
func (s *Server) Ready(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/healthz", http.NoBody)
		if err != nil {
			return fmt.Errorf("ask for its health: %w", err)
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close() // only its status counts
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server was not ready within %s (see %s): %w", limit, s.Log, err)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// SignIn signs somebody in by the form, as a browser does, and gives the cookie for the
// pages that follow.
func (s *Server) SignIn(ctx context.Context, token string) (cookie string, err error) {
	form := url.Values{"token": {token}, "next": {"/"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/signin", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // only its cookie counts
	for _, one := range resp.Cookies() {
		cookie = one.Name + "=" + one.Value
	}
	if cookie == "" {
		return "", fmt.Errorf("sign in: %s, without a cookie", resp.Status)
	}
	return cookie, nil
}

// Kill ends the process with SIGKILL: it can say no further word.
func (p *Process) Kill() error {
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = fmt.Errorf("the server had ended by itself: see %s", p.server.Log)
	}
	_ = p.cmd.Wait() // "signal: killed", as meant
	return errors.Join(err, p.log.Close())
}

// Stop ends the process as an operator does, and waits for it.
func (p *Process) Stop() error {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if wait := p.cmd.Wait(); wait != nil {
		err = errors.Join(err, fmt.Errorf("the server ended with %w: see %s", wait, p.server.Log))
	}
	return errors.Join(err, p.log.Close())
}
