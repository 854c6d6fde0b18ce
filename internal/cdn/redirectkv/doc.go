// Package redirectkv keeps a site's redirects in a CloudFront KeyValueStore, from which
// [Function] answers them. S3's website endpoint answers a redirect object with 301; its
// REST endpoint, which CloudFront uses with origin access control, answers 200 and the
// object's content
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html).
package redirectkv
