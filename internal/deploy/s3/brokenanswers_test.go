package s3_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// breaking lets half of so many answers arrive.
type breaking struct{ answers int }

func (b *breaking) fault(*http.Request) *fakes3.Fault {
	if b.answers == 0 {
		return nil
	}
	b.answers--
	return &fakes3.Fault{Half: true}
}

// questions are those whose answers have a body.
func questions(t *testing.T, st store.Store) map[string]func() error {
	t.Helper()
	const text = "a body of some length"
	for i := range 3 {
		if _, err := st.Put(t.Context(), store.SmallPut(fmt.Sprint("k", i), "", []byte(text), store.Condition{})); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]func() error{
		"get": func() error {
			o, err := st.Get(t.Context(), "k1")
			if err == nil && string(o.Body) != text {
				return fmt.Errorf("got %q", o.Body)
			}
			return err
		},
		"list": func() error {
			n := 0
			err := st.List(t.Context(), "k", func(store.Info) error { n++; return nil })
			if err == nil && n != 3 {
				return fmt.Errorf("%d keys", n)
			}
			return err
		},
		"copy": func() error {
			_, err := st.Copy(t.Context(), store.Copy{Key: "copy", From: "k2", Headers: "content-type: text/css\n"})
			return err
		},
	}
}

func TestAnAnswerThatBreaksOffIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &breaking{}
		fake := &fakes3.Server{Before: b.fault}
		fake.Bucket("b", nil)
		st := open(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: fake})
		for what, ask := range questions(t, st) {
			b.answers = 1
			before := st.Requests()
			if err := ask(); err != nil || b.answers != 0 || st.Requests() != before+2 {
				t.Errorf("%s, once: %v, after %d requests", what, err, st.Requests()-before)
			}
			b.answers = 100
			err := ask()
			if !errors.Is(err, store.ErrUnreachable) || !strings.Contains(err.Error(), "broke off repeatedly: check the network") {
				t.Errorf("%s, always: %v", what, err)
			}
			b.answers = 0
		}
	})
}

func TestAConnectionThatEndsInAnAnswerIsNoLastWord(t *testing.T) {
	b := &breaking{}
	fake := &fakes3.Server{Before: b.fault}
	fake.Bucket("b", nil)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	store := open(t, "b", s3.Options{Endpoint: server.URL, AccessKey: "a", SecretKey: "s"})
	for what, ask := range questions(t, store) {
		b.answers = 1
		if err := ask(); err != nil || b.answers != 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
}
