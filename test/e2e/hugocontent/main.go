// Hugocontent fetches the stand-in CMS's content into a Hugo site: the part of
// a frontend's build that comes before Hugo.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pressrun/pressrun/test/e2e/hugosite"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := hugosite.WriteContent(ctx, os.Getenv("CMS_URL"), "."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}
