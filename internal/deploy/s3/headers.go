package s3

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

const metaPrefix = "x-amz-meta-"

// applyPut sets headers, of those that rules.Rules takes, on a PutObject.
func applyPut(in *awss3.PutObjectInput, h store.Headers) {
	for name, value := range h.All() {
		switch name {
		case "content-type":
			in.ContentType = aws.String(value)
		case "cache-control":
			in.CacheControl = aws.String(value)
		case "content-encoding":
			in.ContentEncoding = aws.String(value)
		case "content-disposition":
			in.ContentDisposition = aws.String(value)
		case "content-language":
			in.ContentLanguage = aws.String(value)
		case store.RedirectHeader:
			in.WebsiteRedirectLocation = aws.String(value)
		case "x-amz-storage-class":
			in.StorageClass = types.StorageClass(value)
		case "x-amz-server-side-encryption":
			in.ServerSideEncryption = types.ServerSideEncryption(value)
		case "x-amz-server-side-encryption-aws-kms-key-id":
			in.SSEKMSKeyId = aws.String(value)
		case "x-amz-tagging":
			in.Tagging = aws.String(value)
		}
	}
	in.Metadata = metadata(h)
}

// applyCopy sets headers on a CopyObject.
func applyCopy(in *awss3.CopyObjectInput, h store.Headers) {
	var put awss3.PutObjectInput
	applyPut(&put, h)
	in.ContentType, in.CacheControl, in.ContentEncoding = put.ContentType, put.CacheControl, put.ContentEncoding
	in.ContentDisposition, in.ContentLanguage = put.ContentDisposition, put.ContentLanguage
	in.WebsiteRedirectLocation, in.StorageClass = put.WebsiteRedirectLocation, put.StorageClass
	in.ServerSideEncryption, in.SSEKMSKeyId, in.Metadata = put.ServerSideEncryption, put.SSEKMSKeyId, put.Metadata
	if put.Tagging != nil {
		in.Tagging, in.TaggingDirective = put.Tagging, types.TaggingDirectiveReplace
	}
}

// applyParts sets headers on a multipart upload.
func applyParts(in *awss3.CreateMultipartUploadInput, h store.Headers) {
	var put awss3.PutObjectInput
	applyPut(&put, h)
	in.ContentType, in.CacheControl, in.ContentEncoding = put.ContentType, put.CacheControl, put.ContentEncoding
	in.ContentDisposition, in.ContentLanguage = put.ContentDisposition, put.ContentLanguage
	in.WebsiteRedirectLocation, in.StorageClass = put.WebsiteRedirectLocation, put.StorageClass
	in.ServerSideEncryption, in.SSEKMSKeyId, in.Metadata = put.ServerSideEncryption, put.SSEKMSKeyId, put.Metadata
	in.Tagging = put.Tagging
}

func metadata(h store.Headers) map[string]string {
	var meta map[string]string
	for name, value := range h.All() {
		if key, ok := strings.CutPrefix(name, metaPrefix); ok {
			if meta == nil {
				meta = map[string]string{}
			}
			meta[key] = value
		}
	}
	return meta
}

// reported are the headers that headersOf has too.
func reported(h store.Headers) store.Headers {
	var b strings.Builder
	for name, value := range h.All() {
		switch name {
		case "x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-tagging":
		default:
			b.WriteString(name + ": " + value + "\n")
		}
	}
	return store.Headers(b.String())
}

// headersOf are the headers of an object as the store reports them, without encryption and
// tags, of which a store reports its own defaults.
func headersOf(out *awss3.HeadObjectOutput) (store.Headers, error) {
	set := map[string]string{
		"content-type":        aws.ToString(out.ContentType),
		"cache-control":       aws.ToString(out.CacheControl),
		"content-encoding":    aws.ToString(out.ContentEncoding),
		"content-disposition": aws.ToString(out.ContentDisposition),
		"content-language":    aws.ToString(out.ContentLanguage),
		store.RedirectHeader:  aws.ToString(out.WebsiteRedirectLocation),
	}
	for k, v := range out.Metadata {
		set[metaPrefix+k] = v
	}
	return store.NewHeaders(set)
}
