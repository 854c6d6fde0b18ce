// Package process starts commands so that they can be ended with everything
// they started, and finds what is left of them when whoever watched has died.
//
// Every command gets a process group of its own (a job object on Windows).
// Ending it asks the whole group politely, waits, and then kills. On Linux,
// what left the group (setsid, a double fork) is found again by a mark in its
// environment, by its session, and as a descendant of the process that has
// declared itself the reaper of orphans.
package process
