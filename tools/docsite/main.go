// Command docsite builds docs/ as a small website: plain pages, a navigation on each,
// nothing that needs JavaScript. Pressrun itself publishes it:
//
//	go run ./tools/docsite -output public
//	pressrun deploy public file:///srv/docs --site docs
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	source := flag.String("source", "docs", "folder of the documentation")
	output := flag.String("output", "public", "folder for the website: made, or written into")
	flag.Parse()
	pages, err := build(*source, *output)
	if err != nil {
		fmt.Fprintf(os.Stderr, "docsite: %v\n", err)
		os.Exit(1)
	}
	fmt.Printf("%d pages are in %s\n", pages, *output)
}
