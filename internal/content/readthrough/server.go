// Package readthrough answers at a CMS's own addresses from a copy of its content, so that
// a frontend needs only another base address. A request that the copy can't answer exactly
// goes through to the CMS, and is reported.
package readthrough

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/outbound"
)

// Upstream answers the requests that the copy can't; *fetch.Client does.
type Upstream interface {
	Forward(ctx context.Context, w http.ResponseWriter, address, accept string) error
}

// Options configure a Server.
type Options struct {
	// Dir is the folder of the copy, Snapshot the one that is served, all the time.
	Dir      string
	Snapshot *content.Snapshot
	Types    []content.Type
	// Upstream is nil where nothing is to go through.
	Upstream Upstream
	// Note is called with each address that the copy could not answer, and why.
	Note func(address, why string)
}

// Server is the http.Handler of a copy.
type Server struct {
	o     Options
	lists []*list

	served, passed atomic.Int64
}

// New makes a server.
func New(o Options) *Server {
	s := &Server{o: o}
	for _, t := range o.Types {
		if t.Serves != nil && t.Body == nil {
			s.lists = append(s.lists, newList(o.Dir, o.Snapshot, t))
		}
	}
	return s
}

// HasLists says whether the copy answers at any address: the lists of some kinds of CMS
// can't be served.
func (s *Server) HasLists() bool { return len(s.lists) > 0 }

// Figures are the numbers of requests that the copy has answered, and that it has not.
func (s *Server) Figures() (served, passed int64) { return s.served.Load(), s.passed.Load() }

// ServeHTTP answers from the copy, or has the CMS answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	switch {
	case !outbound.Loopback(strings.Trim(host, "[]")):
		http.Error(w, "this server is for programs of this machine", http.StatusMisdirectedRequest)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "a copy is only read", http.StatusMethodNotAllowed)
		return
	}
	why := s.answer(w, r)
	if why == "" {
		s.served.Add(1)
		return
	}
	s.passed.Add(1)
	if s.o.Note != nil {
		s.o.Note(r.URL.RequestURI(), why)
	}
	s.pass(w, r, why)
}

func (s *Server) pass(w http.ResponseWriter, r *http.Request, why string) {
	if s.o.Upstream == nil {
		http.Error(w, "the copy can't answer this request: "+why, http.StatusNotFound)
		return
	}
	w.Header().Set("X-Pressrun-From", "cms")
	if err := s.o.Upstream.Forward(r.Context(), w, s.o.Snapshot.Source.URL+r.URL.RequestURI(), r.Header.Get("Accept")); err != nil {
		http.Error(w, "the CMS did not answer: "+err.Error(), http.StatusBadGateway)
	}
}

// answer answers from the copy, or says why it can't.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) (why string) {
	for _, l := range s.lists {
		path := strings.TrimSuffix(l.t.Path, "/")
		rest, ok := strings.CutPrefix(r.URL.Path, path)
		switch id := strings.Trim(rest, "/"); {
		case !ok || rest != "" && rest[0] != '/':
			continue
		case id == "":
			return s.page(w, r, l)
		case !strings.Contains(id, "/"):
			return s.one(w, r, l, id)
		}
	}
	return "the address is none of the copied lists"
}

func (s *Server) one(w http.ResponseWriter, r *http.Request, l *list, id string) string {
	for key, values := range r.URL.Query() {
		if !l.changesNothing(key, values) {
			return fmt.Sprintf("the parameter %s is not known for one record", key)
		}
	}
	raw, why := l.record(id)
	if why != "" {
		return why
	}
	if one := l.t.Serves.One; one != nil {
		var err error
		if raw, err = one(raw, "http://"+r.Host+r.URL.RequestURI()); err != nil {
			return err.Error()
		}
	}
	s.write(w, l, raw)
	return ""
}

func (s *Server) page(w http.ResponseWriter, r *http.Request, l *list) string {
	ask, why := l.parse(r.URL.Query())
	if why != "" {
		return why
	}
	found, err := l.find(ask)
	if err != nil {
		return err.Error()
	}
	p := content.ServedPage{Total: len(found), Pages: (len(found) + ask.size - 1) / ask.size, Number: ask.offset / ask.size, Offset: ask.offset, Size: ask.size, Self: "http://" + r.Host + r.URL.RequestURI()}
	if ask.offset > 0 && ask.offset >= p.Total {
		return "there is no such page in the copy"
	}
	p.At = func(number int) string { return l.address(r, ask, number) }
	for _, i := range found[min(ask.offset, p.Total):min(ask.offset+ask.size, p.Total)] {
		raw, err := l.bytes(i)
		if err != nil {
			return err.Error()
		}
		p.Items = append(p.Items, raw)
	}
	body, err := l.enclose(p)
	if err != nil {
		return err.Error()
	}
	if tell := l.t.Serves.Header; tell != nil {
		tell(p, w.Header())
	}
	s.write(w, l, body)
	return ""
}

func (s *Server) write(w http.ResponseWriter, l *list, body []byte) {
	kind := l.t.Serves.ContentType
	if kind == "" {
		kind = "application/json; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("X-Pressrun-From", "copy")
	w.Header().Set("X-Pressrun-Snapshot", s.o.Snapshot.ID)
	_, _ = w.Write(body) // the client may have left
}

// address is the address of a page of the requested list.
func (l *list) address(r *http.Request, ask asked, number int) string {
	query := url.Values{}
	for key, values := range r.URL.Query() {
		query[key] = values
	}
	switch p := l.t.Pager; {
	case p.NumberParam != "":
		query.Set(p.NumberParam, strconv.Itoa(p.First+number))
	default:
		query.Set(l.offsetParam(), strconv.Itoa(number*ask.size))
	}
	return "http://" + r.Host + r.URL.Path + "?" + query.Encode()
}
