package publish

import (
	"fmt"

	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// CDN has the commands about what a CDN needs.
type CDN struct {
	Function CDNFunction `cmd:"" help:"Print the CloudFront Function that answers redirects out of a KeyValueStore."`
}

// CDNFunction prints the CloudFront Function that answers redirects.
type CDNFunction struct {
	Index bool `help:"The function also shows a folder's index.html at the folder's address, which a bucket that is no website needs: a distribution takes one function for viewer requests."`
}

// Help has the examples.
func (CDNFunction) Help() string {
	return `The function is for the runtime ` + redirectkv.FunctionRuntime + ` and the event "viewer request".
Associate a KeyValueStore with it, and name that store by --redirect-store when you
deploy.

Examples:

  pressrun cdn function > redirects.js
  pressrun cdn function --index > redirects.js
  aws cloudfront create-function --name redirects --function-code fileb://redirects.js --function-config 'Comment=redirects,Runtime=cloudfront-js-2.0,KeyValueStoreAssociations={Quantity=1,Items=[{KeyValueStoreARN=ARN}]}'`
}

// Run prints the function.
func (c *CDNFunction) Run(t *terminal.Terminal) error {
	_, err := fmt.Fprint(t.Out, redirectkv.Function(c.Index))
	return err
}
