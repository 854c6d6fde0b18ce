// Package figures sends a run's metrics to monitoring systems. Each kind of system is a
// file and a line in kinds.go. A failure to send is reported, and does not fail the run.
package figures
