// Package redirectkv keeps a site's redirects in a CloudFront KeyValueStore, which
// [Function] answers them out of. S3's website endpoint answers a redirect object
// with 301; its REST endpoint, which CloudFront asks with origin access control,
// answers 200 and the page that leads on
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html).
package redirectkv
