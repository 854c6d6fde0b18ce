// Package local carries releases out as processes on this machine.
//
// Each run has a folder of its own and a supervisor: a process that holds the
// folder's lock for as long as it lives, prepares the source, runs the action,
// keeps its output, and ends everything that the run started. The app only
// watches the lock. So a run outlives its app, the next app finds it again,
// and a supervisor that dies is noticed by its lock falling open, whatever it
// died of.
//
// It has a file more than other packages for each system that it runs on.
package local
