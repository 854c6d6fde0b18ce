package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/githubapp"
)

// bare is a server that does only what no server can leave out that takes
// webhooks with Go's net/http: it reads the body, checks the signature, and has
// a line about the webhook on disk before it answers. It reads no JSON, knows of
// none that came twice, and nothing comes of them.
type bare struct {
	log   *os.File
	lines chan line
}

// line is what is to be written, and who waits for it.
type line struct {
	text string
	done chan error
}

func serveBare(ctx context.Context, dir string) error {
	log, err := os.Create(filepath.Join(dir, "webhooks"))
	if err != nil {
		return fmt.Errorf("make the log: %w", err)
	}
	b := &bare{log: log, lines: make(chan line, 1024)}
	go b.write()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Println(l.Addr())
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+hookPath, b.take)
	srv := &http.Server{Handler: mux}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func (b *bare) take(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	if err == nil {
		err = githubapp.VerifyWebhook(r.Header, body, []string{secret})
	}
	if err == nil {
		mine := line{r.Header.Get("X-GitHub-Delivery") + "\n", make(chan error, 1)}
		b.lines <- mine
		err = <-mine.done
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// write has all lines that wait in one write and one fsync on disk.
func (b *bare) write() {
	for first := range b.lines {
		group, text := []line{first}, []byte(first.text)
		for len(b.lines) > 0 {
			next := <-b.lines
			group, text = append(group, next), append(text, next.text...)
		}
		_, err := b.log.Write(text)
		err = errors.Join(err, b.log.Sync())
		for _, l := range group {
			l.done <- err
		}
	}
}
