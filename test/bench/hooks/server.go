//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/test/cmssample"
	"github.com/pressrun/pressrun/test/httpload"
	"github.com/pressrun/pressrun/test/program"
)

// plain names the call of the API beside which dialects are measured.
const plain = "plain API"

// server is the app that is measured.
type server struct {
	program *program.Server
	process *program.Process
	host    string
	// paths are the hooks' addresses, by dialect.
	paths  map[string]string
	number atomic.Int64
}

// start runs an app with a hook of each dialect. Nothing is dispatched.
func start(ctx context.Context, dir string) (*server, error) {
	binary, err := program.Build(ctx, program.Main)
	if err != nil {
		return nil, err
	}
	site, err := cmssample.Site(dir)
	if err != nil {
		return nil, err
	}
	s := &server{paths: map[string]string{}}
	if s.program, err = program.Install(ctx, dir, map[string]any{"www": site}, binary, "serve", "--config"); err != nil {
		return nil, err
	}
	s.host = strings.TrimPrefix(s.program.URL, "http://")
	if s.process, err = s.program.Start(); err != nil {
		return nil, err
	}
	if err := errors.Join(s.program.Ready(ctx, 30*time.Second), s.address(ctx)); err != nil {
		return nil, errors.Join(err, s.process.Kill())
	}
	return s, nil
}

// address makes the hooks' addresses.
func (s *server) address(ctx context.Context) error {
	client, err := api.NewClient(s.program.URL, s.program.Token, api.Options{})
	if err != nil {
		return err
	}
	for _, name := range cms.Names() {
		made, err := client.NewHookAddress(ctx, "www", name)
		if err != nil {
			return fmt.Errorf("make the address of %s: %w", name, err)
		}
		u, err := url.Parse(made.Address)
		if err != nil {
			return errors.New("read the address: it is none")
		}
		s.paths[name] = u.RequestURI()
	}
	return nil
}

// names are what is measured: the plain API among the dialects.
func (s *server) names() []string {
	return append([]string{plain}, slices.Sorted(maps.Keys(s.paths))...)
}

// text is a whole request, of an event that is new.
func (s *server) text(name string) []byte {
	n := int(s.number.Add(1))
	if name == plain {
		body := fmt.Sprintf(`{"source":"content","actor":"Ana Silva","title":"Opening hours %d","entity":"page/42","link":"https://www.example.gov/opening-hours/","reason":"page.published"}`, n)
		return fmt.Appendf(nil, "POST /v1/sites/www/requests HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nIdempotency-Key: key-%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			s.host, s.program.Token, n, len(body), body)
	}
	system, _ := cms.Find(name)
	d := cmssample.New(system, s.paths[name], n)
	system.Sign(&d, cmssample.Secret, time.Now())
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", d.Method, d.URI, s.host, len(d.Body))
	_ = d.Header.Write(&text) // a buffer takes all
	text.WriteString("\r\n")
	text.Write(d.Body)
	return text.Bytes()
}

// paced has senders call hooks of all dialects, each about once a second.
func (s *server) paced(ctx context.Context, senders int, span time.Duration) (all []time.Duration, elapsed time.Duration, err error) {
	names := cms.Names()
	took, errs := make([][]time.Duration, senders), make([]error, senders)
	var crowd sync.WaitGroup
	began := time.Now()
	for i := range senders {
		crowd.Go(func() {
			line, err := httpload.Connect(ctx, s.host, "HTTP/1.1 200")
			if err != nil {
				errs[i] = err
				return
			}
			defer func() { errs[i] = errors.Join(errs[i], line.Close()) }()
			for time.Sleep(rand.N(time.Second)); time.Since(began) < span; time.Sleep(time.Second/2 + rand.N(time.Second)) {
				one, err := line.SendText(s.text(names[rand.IntN(len(names))]))
				if err != nil {
					errs[i] = err
					return
				}
				took[i] = append(took[i], one)
			}
		})
	}
	crowd.Wait()
	all = slices.Concat(took...)
	if err := errors.Join(errs...); err != nil || len(all) == 0 {
		return nil, 0, errors.Join(errors.New("not every call was acknowledged"), err)
	}
	return all, time.Since(began), nil
}

// cpuConnections is over how many connections the calls are sent of which the CPU
// time is measured: so many share a commit.
const cpuConnections = 64

// cpu is the server's CPU time for one of many calls of a dialect, in microseconds.
func (s *server) cpu(ctx context.Context, name string, calls int) (float64, error) {
	status := "HTTP/1.1 " + strconv.Itoa(http.StatusOK)
	if name == plain {
		status = "HTTP/1.1 " + strconv.Itoa(http.StatusCreated)
	}
	texts := make(chan []byte, calls)
	for range calls {
		texts <- s.text(name)
	}
	close(texts)
	before, err := s.used()
	if err != nil {
		return 0, err
	}
	errs := make([]error, cpuConnections)
	var crowd sync.WaitGroup
	for i := range cpuConnections {
		crowd.Go(func() {
			line, err := httpload.Connect(ctx, s.host, status)
			for text := range texts {
				if err == nil {
					_, err = line.SendText(text)
				}
			}
			if line != nil {
				err = errors.Join(err, line.Close())
			}
			errs[i] = err
		})
	}
	crowd.Wait()
	after, used := s.used()
	return float64((after - before).Microseconds()) / float64(calls), errors.Join(used, errors.Join(errs...))
}

// used is the CPU time that the server has used so far, in ticks of 10 ms (proc(5)).
func (s *server) used() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.PID()))
	if err != nil {
		return 0, fmt.Errorf("read the server's CPU time: %w", err)
	}
	// After the name in brackets come state and then, as the 12th and 13th, user and
	// system time.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var sum time.Duration
	for _, i := range []int{11, 12} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the server's CPU time: %w", err)
		}
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum, nil
}
