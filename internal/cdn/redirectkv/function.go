package redirectkv

import (
	_ "embed"
	"strings"
)

//go:embed function/redirects.js
var redirectsFunction string

// FunctionRuntime is the CloudFront Functions runtime that [Function] is written
// for, and MaxFunction how large a function may be, in bytes (Developer Guide,
// "Quotas on CloudFront Functions").
const (
	FunctionRuntime = "cloudfront-js-2.0"
	MaxFunction     = 10 << 10
)

// Function is the source of the CloudFront Function that answers redirects from a
// [Store]. A distribution takes one function for viewer requests; with index it also
// shows a folder's index page at the folder's address.
func Function(index bool) string {
	if !index {
		return redirectsFunction
	}
	return strings.Replace(redirectsFunction, "const index = false;", "const index = true;", 1)
}
