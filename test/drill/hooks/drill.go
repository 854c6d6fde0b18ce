package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/test/cmssample"
	"github.com/pressrun/pressrun/test/program"
)

// play is a drill under way.
type play struct {
	options
	server *program.Server
	client *api.Client
	http   *http.Client
	mix    *mix

	mu       sync.Mutex
	figures  figures
	requests map[string]bool // that were acknowledged
	told     int             // mistakes told at length
}

// drill runs the app, sends to it, kills it, and judges.
func drill(ctx context.Context, o options) (f figures, err error) {
	dir, err := os.MkdirTemp("", "pressrun-drill-hooks-*")
	if err != nil {
		return f, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p := &play{options: o, requests: map[string]bool{}, http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: o.senders}}}
	p.figures.sent = map[kind]int{}
	process, err := p.begin(ctx, dir)
	if err != nil {
		return f, err
	}
	began := time.Now()
	process, err = p.send(ctx, process)
	p.figures.took = time.Since(began)
	if err == nil {
		err = p.judge(ctx)
	}
	return p.figures, errors.Join(err, process.Stop())
}

// begin starts an app with a hook of each dialect.
func (p *play) begin(ctx context.Context, dir string) (*program.Process, error) {
	binary, err := program.Build(ctx, program.Main)
	if err != nil {
		return nil, err
	}
	site, err := cmssample.Site(dir)
	if err != nil {
		return nil, err
	}
	if p.server, err = program.Install(ctx, dir, map[string]any{"www": site}, binary, "serve", "--config"); err != nil {
		return nil, err
	}
	if p.client, err = api.NewClient(p.server.URL, p.server.Token, api.Options{}); err != nil {
		return nil, err
	}
	process, err := p.start(ctx)
	if err != nil {
		return nil, err
	}
	p.mix = &mix{chance: rand.New(rand.NewPCG(p.seed, 1))}
	for _, name := range cms.Names() {
		made, err := p.client.NewHookAddress(ctx, "www", name)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make the address of %s: %w", name, err), process.Stop())
		}
		u, err := url.Parse(made.Address)
		if err != nil {
			return nil, errors.Join(errors.New("read the address: it is none"), process.Stop())
		}
		system, _ := cms.Find(name)
		p.mix.targets = append(p.mix.targets, &target{system: system, address: made.Address, path: u.RequestURI(), known: cmssample.Known(system)})
	}
	return process, nil
}

func (p *play) start(ctx context.Context) (*program.Process, error) {
	process, err := p.server.Start()
	if err != nil {
		return nil, err
	}
	if err := p.server.Ready(ctx, 30*time.Second); err != nil {
		said, unread := os.ReadFile(p.server.Log)
		return nil, errors.Join(fmt.Errorf("%w; it said:\n%s", err, said), unread, process.Kill())
	}
	return process, nil
}

// send has calls sent at the rate, and the app killed now and then. It gives the
// process that is left.
func (p *play) send(ctx context.Context, process *program.Process) (*program.Process, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ticks := make(chan struct{}, p.rate) // a second of work may pile up while the app is away
	var crowd sync.WaitGroup
	for range p.senders {
		crowd.Go(func() {
			for range ticks {
				p.one(ctx, p.mix.next())
			}
		})
	}
	began := time.Now()
	nextKill, sent := p.span/time.Duration(p.kills+1), 0
	var failed error
	for elapsed := time.Duration(0); elapsed < p.span && failed == nil; elapsed = time.Since(began) {
		for ; sent < int(elapsed.Seconds()*float64(p.rate)); sent++ {
			select {
			case ticks <- struct{}{}:
			default: // the machine is not quick enough: the figures say so
			}
		}
		if p.figures.kills < p.kills && elapsed > nextKill*time.Duration(p.figures.kills+1) {
			p.figures.kills++
			failed = process.Kill()
			if failed == nil {
				process, failed = p.start(ctx)
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	close(ticks)
	if failed != nil {
		cancel() // nobody will answer them
	}
	crowd.Wait()
	all := 0
	for _, n := range p.figures.sent {
		all += n
	}
	p.figures.perSecond = float64(all) / time.Since(began).Seconds()
	return process, failed
}

// one sends a call until it is answered. One that is broken off is sent again if the
// app can know it by its id, or must refuse it anyhow.
func (p *play) one(ctx context.Context, c call) {
	for ctx.Err() == nil {
		status, text, err := p.post(ctx, c)
		if err == nil {
			p.answered(c, status, text)
			return
		}
		if c.event != nil && !c.target.known {
			p.count(func(f *figures) { f.unknown++ })
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *play) post(ctx context.Context, c call) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, c.delivery.Method, c.address, bytes.NewReader(c.delivery.Body))
	if err != nil {
		return 0, nil, errors.New("make the call")
	}
	req.Header = c.delivery.Header.Clone()
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, nil, errors.New("no answer")
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return 0, nil, errors.New("half an answer")
	}
	return resp.StatusCode, text, nil
}

func (p *play) count(do func(*figures)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do(&p.figures)
}

// answered judges an answer.
func (p *play) answered(c call, status int, text []byte) {
	request := requestOf(text)
	first, same := false, true
	if c.event != nil && status == http.StatusOK && request != "" {
		first, same = p.mix.acknowledged(c.event, request)
	}
	p.count(func(f *figures) {
		f.sent[c.kind]++
		switch {
		case c.event == nil && status < http.StatusMultipleChoices:
			f.forged++
		case c.event != nil && (status != http.StatusOK || request == ""):
			f.lost++
		case status != c.want:
			f.wrong++
		case !same:
			f.doubled++
		case first:
			f.accepted++
			p.requests[request] = true
			return
		default:
			return
		}
		if p.told++; p.told < 10 {
			fmt.Fprintf(os.Stderr, "%s, %s: answered %d, want %d: %.300s\n", c.target.system.Name(), c.kind, status, c.want, text)
		}
	})
}

// requestOf is the request that an answer names, as each dialect has it.
func requestOf(text []byte) string {
	var told struct {
		Request string
		Job     struct{ ID string }
		Result  struct {
			Build string `json:"build_uuid"`
		}
	}
	if json.Unmarshal(text, &told) != nil {
		return ""
	}
	return told.Request + told.Job.ID + told.Result.Build
}

// judge asks the app that is left for each request that was acknowledged, and how
// many it has.
func (p *play) judge(ctx context.Context) error {
	if len(p.requests) < p.figures.accepted {
		p.figures.lost += p.figures.accepted - len(p.requests) // two events are one request
	}
	ids := make(chan string)
	var crowd sync.WaitGroup
	for range 16 {
		crowd.Go(func() {
			for id := range ids {
				if got, err := p.client.Request(ctx, id); err != nil || got.Place == 0 {
					p.count(func(f *figures) { f.lost++ })
				}
			}
		})
	}
	for id := range p.requests {
		ids <- id
	}
	close(ids)
	crowd.Wait()
	site, err := p.client.Site(ctx, "www")
	if err != nil {
		return fmt.Errorf("count the requests: %w", err)
	}
	there := 0
	if site.Current != nil { // the release that all of them wait for
		there = int(site.Current.Requests)
	}
	p.figures.lost += max(0, p.figures.accepted-there)
	p.figures.doubled += max(0, there-p.figures.accepted-p.figures.unknown)
	return nil
}
