package doctor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
)

// answerIn is how long an app, a store or a repository may take to answer.
const answerIn = 20 * time.Second

// port says whether the app can listen, or does.
func port(ctx context.Context, conf *config.Config) api.GitHubCheck {
	const name = "address"
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", conf.Listen)
	switch {
	case err == nil:
		if err := l.Close(); err != nil {
			return bad(name, "Choose another address: listen", "%s: %v", conf.Listen, err)
		}
		return good(name, "%s is free: no app runs here", conf.Listen)
	case !errors.Is(err, syscall.EADDRINUSE):
		return bad(name, "Choose another address in the configuration: listen", "%s can't be listened on: %v", conf.Listen, err)
	case isWell(ctx, "http://"+conf.LocalAddress()+"/healthz"):
		return good(name, "an app listens on %s, and is well", conf.Listen)
	default:
		return bad(name, "End the other program, or choose another address: listen", "what listens on %s is no app that is well", conf.Listen)
	}
}

func isWell(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}
