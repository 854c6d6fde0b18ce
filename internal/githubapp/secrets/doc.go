// Package secrets signs as a GitHub App, with a private key from a file, from AWS
// KMS or from AWS Secrets Manager, and keeps the App's secrets there.
package secrets
