// Package process starts commands so that they can be ended with all processes that they
// started, and finds those left when the process that watched has died.
//
// Every command gets a process group of its own (a job object on Windows). Ending it asks
// the whole group to end, waits, and then kills. On Linux, processes that left the group
// (setsid, a double fork) are found by a mark in their environment, by their session, and
// as descendants of the process that has declared itself the reaper of orphans.
package process
