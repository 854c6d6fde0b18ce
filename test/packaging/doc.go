// Package packaging looks at what Pressrun is installed from: Debian and RPM packages,
// the Homebrew formula, the compose file, and Kubernetes's manifests.
package packaging
