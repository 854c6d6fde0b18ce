// Package local carries releases out as processes on this machine.
//
// Each run has a folder of its own and a supervisor: a process that holds the folder's
// lock for as long as it lives, prepares the source, runs the action, keeps its output,
// and ends everything that the run started. The app only watches the lock. So a run
// outlives its app, the next app finds it again, and the death of a supervisor is noticed
// because the system releases its lock. It has separate files for the systems that it
// runs on.
package local
