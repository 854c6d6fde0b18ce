package redirectkv

import (
	_ "embed"
	"strings"
)

//go:embed function/redirects.js
var redirectsFunction string

// FunctionRuntime is the CloudFront Functions runtime of [Function].
const FunctionRuntime = "cloudfront-js-2.0"

// Function is the source of the CloudFront Function that answers redirects from a [Store].
// With index it also shows a folder's index page at the folder's address, since a
// distribution takes only one function for viewer requests.
func Function(index bool) string {
	if !index {
		return redirectsFunction
	}
	return strings.Replace(redirectsFunction, "const index = false;", "const index = true;", 1)
}
