package fakegithub

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Options are how a Server begins; the zero value is github.com as it is.
type Options struct {
	// OldServer refuses what GHES up to 3.19 does not know: run details in
	// the answer to a dispatch.
	OldServer bool
	// OnDispatch is told of each run that a dispatch made, in a goroutine.
	OnDispatch func(Run)
	// ListLag is how long a new run is missing from the list of runs.
	ListLag time.Duration
	// InProcess serves through Transport only, without a network: in a
	// synctest bubble, where time is fake.
	InProcess bool
	// HookTransport carries webhooks; nil for the network.
	HookTransport http.RoundTripper
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

// Server is a GitHub. It is safe for concurrent use.
type Server struct {
	// URL is the base of the API and of the OIDC issuer (URL + "/oidc").
	URL string
	// AppID and Key are those of the one App that it knows.
	AppID int64
	Key   *rsa.PrivateKey

	http   *httptest.Server // nil in process
	routes http.Handler
	spec   *spec
	signer *rsa.PrivateKey // of OIDC tokens
	tasks  sync.WaitGroup

	mu          sync.Mutex
	options     Options
	repos       map[string]*Repo
	runs        map[int64]*Run
	nextID      int64
	tokens      map[string]token
	deployments []*Deployment
	manifests   map[string]string // code to state of the conversion
	hook        hook
	deliveries  []*delivery
	faults      []func(*http.Request) *Fault
	calls       []Call
	violations  []string
	reviews     []Review
	underWay    int // what later has not done yet
	closed      bool
}

// Repo is a repository with its App installation.
type Repo struct {
	Owner, Name   string
	ID, OwnerID   int64
	DefaultBranch string
	Branches      []string
	// Installation is the App's installation on it, 0 for none.
	Installation int64
	// Permissions are what the installation was granted; nil for all we ask.
	Permissions map[string]string
	Workflows   map[string]*Workflow // by file name
	// Environments are its environments, each with the Apps whose custom
	// protection rules are enabled there.
	Environments map[string][]int64
	// Events are those that the installation gets; nil for all but
	// deployment_protection_rule.
	Events []string
	// Checks are the checks of its commits, see SetChecks.
	Checks map[string][]Check
	// Refs are the commits of its branches and tags, by heads/NAME and tags/NAME. What is in
	// TagObjects is an annotated tag, and this the commit that it is of.
	Refs, TagObjects map[string]string
	// Pulls are its pull requests, People who comments on them, by login.
	Pulls    map[int64]Pull
	People   map[string]Person
	Comments []*Comment
}

// Workflow is a workflow of a repository.
type Workflow struct {
	ID   int64
	File string
	// State is GitHub's: active, disabled_manually, disabled_inactivity.
	State string
	// Inputs are those declared; NoDispatch: without workflow_dispatch.
	Inputs     []string
	NoDispatch bool
	// RunName makes a run's title of its inputs.
	RunName func(map[string]string) string
	// Text is the file itself, for whoever may read contents.
	Text string
}

// Call is a request that the server got and how it was answered; Status is 0
// for an answer that was lost.
type Call struct {
	At           time.Time
	Method, Path string
	Status       int
}

type token struct {
	repos       []string
	permissions map[string]string
	app         bool
	expires     time.Time
}

// Keys take long to make: all servers of one test binary share theirs.
var (
	makeAppKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	makeSigner = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

// Start starts a GitHub on this machine. Close ends it.
func Start(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	described, err := loadSpec()
	if err != nil {
		return nil, err
	}
	appKey, err := makeAppKey()
	if err != nil {
		return nil, fmt.Errorf("make the App's key: %w", err)
	}
	signer, err := makeSigner()
	if err != nil {
		return nil, fmt.Errorf("make the issuer's key: %w", err)
	}
	s := &Server{
		AppID: 4242, Key: appKey, signer: signer, spec: described, options: o,
		repos: map[string]*Repo{}, runs: map[int64]*Run{}, tokens: map[string]token{}, manifests: map[string]string{}, nextID: 9_000_000_000,
	}
	s.routes = s.handler()
	s.URL = "http://github.test"
	if !o.InProcess {
		s.http = httptest.NewServer(s.routes)
		s.URL = s.http.URL
	}
	return s, nil
}

// Close ends the server and all that it still had to send.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.tasks.Wait()
	if s.http != nil {
		s.http.Close()
	}
}

// KeyPEM is the App's private key as GitHub hands it out.
func (s *Server) KeyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(s.Key)})
}

// AddRepo adds a repository with the App installed, and its workflows.
func (s *Server) AddRepo(owner, name string, workflows ...*Workflow) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &Repo{
		Owner: owner, Name: name, ID: s.id(), OwnerID: s.id(), Installation: s.id(),
		DefaultBranch: "main", Branches: []string{"main"}, Workflows: map[string]*Workflow{},
	}
	for _, w := range workflows {
		w.ID = s.id()
		if w.State == "" {
			w.State = "active"
		}
		r.Workflows[w.File] = w
	}
	s.repos[owner+"/"+name] = r
	return r
}

// ContentRelease is the workflow that a site has.
func ContentRelease() *Workflow {
	return &Workflow{
		File: "content-release.yml", Inputs: []string{"site", "release", "token", "app_url", "rollback_to"},
		RunName: func(in map[string]string) string {
			return "Content release #" + in["release"] + " [" + in["token"] + "]"
		},
	}
}

// AddToken makes a token as a person makes it: good for some repositories.
func (s *Server) AddToken(text string, repos ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[text] = token{repos: repos, expires: s.options.Now().Add(100 * 365 * 24 * time.Hour)}
}

// Change changes the server under its lock.
func (s *Server) Change(f func(o *Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.options)
}

// Lock runs f while nothing else looks at repositories and workflows.
func (s *Server) Lock(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// Violations are all that did not fit GitHub's description so far.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// Calls are the calls so far, in order.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Count counts the calls of a method whose path ends as given.
func (s *Server) Count(method, suffix string) int {
	n := 0
	for _, c := range s.Calls() {
		if c.Method == method && len(c.Path) >= len(suffix) && c.Path[len(c.Path)-len(suffix):] == suffix {
			n++
		}
	}
	return n
}

func (s *Server) violate(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

// id gives a fresh id; the caller holds the lock.
func (s *Server) id() int64 {
	s.nextID++
	return s.nextID
}

func (s *Server) later(wait time.Duration, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.underWay++
	s.tasks.Go(func() {
		time.Sleep(wait)
		s.mu.Lock()
		closed := s.closed
		s.mu.Unlock()
		if !closed {
			f()
		}
		s.mu.Lock()
		s.underWay--
		s.mu.Unlock()
	})
}

// Idle says whether nothing is left of what GitHub does by itself, such as
// webhooks that are to arrive later.
func (s *Server) Idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.underWay == 0
}
