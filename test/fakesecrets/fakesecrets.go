// Package fakesecrets imitates the part of AWS Secrets Manager that keeps the
// GitHub App (its API reference: AWS JSON 1.1).
package fakesecrets

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Server is a Secrets Manager. It is safe for concurrent use.
type Server struct {
	URL string

	mu     sync.Mutex
	values map[string]string
	denied map[string]bool // actions
	calls  []string
}

// Start runs a Secrets Manager until the test ends, and has AWS's SDK use it.
func Start(t *testing.T) *Server {
	t.Helper()
	s := &Server{values: map[string]string{}, denied: map[string]bool{}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	UseEndpoint(t, srv.URL)
	return s
}

// UseEndpoint has AWS's SDK ask an address, with credentials that mean
// nothing.
func UseEndpoint(t *testing.T, url string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": url, "AWS_REGION": "us-gov-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "nothing",
		"AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none", "AWS_PROFILE": "", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

// Deny has an action, such as GetSecretValue, refused from now on.
func (s *Server) Deny(action string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[action] = true
}

// Put gives a secret a value; Value gives it back.
func (s *Server) Put(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = value
}

// Value is a secret's value, "" when there is none.
func (s *Server) Value(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[name]
}

// Calls are the actions that were asked for, with the region that signed.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ SecretId, Name, SecretString string }
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Method != http.MethodPost {
		answer(w, 400, map[string]string{"__type": "InvalidRequestException", "Message": "no JSON"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, action+" "+regionOf(r))
	_, there := s.values[in.SecretId]
	switch {
	case s.denied[action]:
		answer(w, 400, map[string]string{"__type": "AccessDeniedException", "Message": "not authorized to perform: secretsmanager:" + action})
	case action == "CreateSecret" && in.Name != "":
		s.values[in.Name] = in.SecretString
		answer(w, 200, map[string]string{"Name": in.Name, "ARN": "arn"})
	case !there:
		answer(w, 400, map[string]string{"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."})
	case action == "PutSecretValue":
		s.values[in.SecretId] = in.SecretString
		answer(w, 200, map[string]string{"Name": in.SecretId, "ARN": "arn"})
	case action == "GetSecretValue":
		answer(w, 200, map[string]string{"Name": in.SecretId, "ARN": "arn", "SecretString": s.values[in.SecretId]})
	default:
		answer(w, 400, map[string]string{"__type": "InvalidRequestException", "Message": action})
	}
}

// regionOf is the region of a signature: Credential=KEY/DATE/REGION/….
func regionOf(r *http.Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if parts := strings.Split(scope, "/"); len(parts) > 2 {
		return parts[2]
	}
	return ""
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may have gone
}
