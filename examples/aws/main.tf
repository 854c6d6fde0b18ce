# A site on AWS that a workflow of GitHub's publishes: a private bucket, CloudFront
# before it, and a role that this one workflow on this one branch may take.
#
#   terraform init
#   terraform apply -var bucket=www.example.gov -var repository=acme/www
#
# Its outputs are what the workflow's variables want (docs/github.md).
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
    }
  }
}

variable "bucket" {
  type        = string
  description = "Name of the bucket to make."
}

variable "repository" {
  type        = string
  description = "The repository with the workflow, as owner/name."
}

variable "repository_with_ids" {
  type        = string
  default     = ""
  description = "The same with the ids that repositories made or renamed since mid-2026 have in their tokens, as owner@1/name@2. docs/github.md says how to find it."
}

variable "branch" {
  type        = string
  default     = "main"
  description = "The branch whose workflow may publish."
}

variable "workflow" {
  type        = string
  default     = "content-release.yml"
  description = "The workflow's file."
}

variable "provider_arn" {
  type        = string
  default     = ""
  description = "ARN of the account's provider for token.actions.githubusercontent.com, if it has one; an account can have one only."
}

variable "session_seconds" {
  type        = number
  default     = 10800
  description = "How long the role may be taken for; at least as long as a release takes with all that it waits for (AWS_ROLE_SECONDS)."
}

locals {
  issuer   = "token.actions.githubusercontent.com"
  name     = replace(var.bucket, ".", "-")
  provider = var.provider_arn == "" ? aws_iam_openid_connect_provider.github[0].arn : var.provider_arn
  subjects = [for r in compact([var.repository, var.repository_with_ids]) : "repo:${r}:ref:refs/heads/${var.branch}"]
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.provider_arn == "" ? 1 : 0
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_s3_bucket" "site" {
  bucket = var.bucket
}

resource "aws_s3_bucket_ownership_controls" "site" {
  bucket = aws_s3_bucket.site.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "site" {
  bucket                  = aws_s3_bucket.site.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "site" {
  bucket = aws_s3_bucket.site.id
  rule {
    id     = "abandoned-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "CloudFrontReads"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.site.arn}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.site.arn]
    }
  }
  statement {
    sid       = "StateStaysPrivate" # the deploy's own files
    effect    = "Deny"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.site.arn}/.pressrun/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
  }
  statement {
    sid       = "CloudFrontLists" # so that a page that is gone is 404 and not 403
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.site.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.site.arn]
    }
  }
  statement {
    sid       = "TLSOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.site.arn, "${aws_s3_bucket.site.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "site" {
  bucket = aws_s3_bucket.site.id
  policy = data.aws_iam_policy_document.bucket.json
}

resource "aws_cloudfront_origin_access_control" "site" {
  name                              = "${local.name}-bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_key_value_store" "redirects" {
  name = "${local.name}-redirects"
}

# Answers index pages. For redirects too, put the output of "pressrun cdn function" in
# its place, and give the workflow PRESSRUN_REDIRECT_STORE.
resource "aws_cloudfront_function" "pages" {
  name                         = "${local.name}-pages"
  runtime                      = "cloudfront-js-2.0"
  publish                      = true
  key_value_store_associations = [aws_cloudfront_key_value_store.redirects.arn]
  code                         = <<-EOT
    function handler(event) {
      var request = event.request;
      if (request.uri.endsWith("/")) request.uri += "index.html";
      return request;
    }
  EOT
}

resource "aws_cloudfront_distribution" "site" {
  enabled             = true
  comment             = var.bucket
  default_root_object = "index.html"
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  price_class         = "PriceClass_100"

  origin {
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.site.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site.id
  }

  default_cache_behavior {
    target_origin_id       = "bucket"
    viewer_protocol_policy = "redirect-to-https"
    compress               = true
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6" # Managed-CachingOptimized
    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.pages.arn
    }
  }

  custom_error_response {
    error_code            = 404
    response_code         = 404
    response_page_path    = "/404.html"
    error_caching_min_ttl = 10
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [local.provider]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = local.subjects
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:job_workflow_ref"
      values   = ["${var.repository}/.github/workflows/${var.workflow}@refs/heads/${var.branch}"]
    }
  }
}

data "aws_iam_policy_document" "publish" {
  statement {
    sid = "Files"
    actions = [
      "s3:GetObject",
      "s3:GetObjectVersion",
      "s3:GetObjectTagging",
      "s3:GetObjectVersionTagging",
      "s3:PutObject",
      "s3:PutObjectTagging",
      "s3:DeleteObject",
      "s3:AbortMultipartUpload",
    ]
    resources = ["${aws_s3_bucket.site.arn}/*"]
  }
  statement {
    sid       = "Listing"
    actions   = ["s3:ListBucket", "s3:GetBucketVersioning"]
    resources = [aws_s3_bucket.site.arn]
  }
  statement {
    sid       = "Cache"
    actions   = ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"]
    resources = [aws_cloudfront_distribution.site.arn]
  }
  statement {
    sid = "Redirects"
    actions = [
      "cloudfront-keyvaluestore:DescribeKeyValueStore",
      "cloudfront-keyvaluestore:ListKeys",
      "cloudfront-keyvaluestore:UpdateKeys",
    ]
    resources = [aws_cloudfront_key_value_store.redirects.arn]
  }
}

resource "aws_iam_role" "publish" {
  name                 = "${local.name}-release"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = var.session_seconds
}

resource "aws_iam_role_policy" "publish" {
  name   = "publish"
  role   = aws_iam_role.publish.id
  policy = data.aws_iam_policy_document.publish.json
}

output "aws_role" {
  description = "The variable AWS_ROLE"
  value       = aws_iam_role.publish.arn
}

output "pressrun_to" {
  description = "The variable PRESSRUN_TO"
  value       = "s3://${aws_s3_bucket.site.bucket}"
}

output "pressrun_cdn" {
  description = "The variable PRESSRUN_CDN"
  value       = "cloudfront:${aws_cloudfront_distribution.site.id}"
}

output "pressrun_public_url" {
  description = "The variable PRESSRUN_PUBLIC_URL, until the site has a name of its own"
  value       = "https://${aws_cloudfront_distribution.site.domain_name}"
}

output "redirect_store_arn" {
  description = "The variable PRESSRUN_REDIRECT_STORE, once the function answers redirects"
  value       = aws_cloudfront_key_value_store.redirects.arn
}
