package serve

import (
	"context"
	"os"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/config"
)

// lookEvery is how often the files of the configuration are looked at. A change counts
// once two looks in a row saw the same.
const lookEvery = 2 * time.Second

// reload has the server go by the configuration as it is at each signal, and once it has
// changed, until ctx ends.
func (c *Command) reload(ctx context.Context, server *app.App, watch *config.Watcher, hangups <-chan os.Signal) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		case <-look.C:
			if !watch.Changed() {
				continue
			}
		}
		next, err := c.open()
		if err == nil {
			_, err = server.Reload(ctx, *next)
		}
		if err != nil && ctx.Err() == nil {
			server.Refused(err)
		}
	}
}
