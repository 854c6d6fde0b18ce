// Package outage replays GitHub's bad days against the app: the outages of its
// own record (https://www.githubstatus.com/history), in fake time, with the real app, the real
// ledger and a fake GitHub that is held against GitHub's description.
package outage
