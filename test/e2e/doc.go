// Package e2e releases real sites through the whole chain: a request over
// HTTP to a real `pressrun serve`, a run under its supervisor, a build, a
// deploy to a real S3 server or a folder, and the published site read back.
package e2e
