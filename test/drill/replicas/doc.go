// Package replicas is the drill of several apps on one database. Three processes of
// pressrun serve share a PostgreSQL primary with a synchronous standby: one reaches it
// directly, one through a network that can be cut, one through PgBouncer in transaction
// mode. While requesters ask, and the runs of a GitHub of the drill's own report, the
// replicas are killed, stopped beyond their claims, and cut off with half-open
// connections; all sessions of the database are ended, some of them while commits wait
// for the standby; the primary dies and the standby is promoted; and, in the large drill,
// the clocks of two replicas are five minutes off, one each way.
//
// What happened is counted where it happened: dispatches and the builds of runs at the
// drill's GitHub, notices at its receiver, writes by triggers in its database. In the end
//
//   - lost: each request that was acknowledged is there, and live by a build that happened;
//   - double_effects: no release was dispatched or built twice, no key or keyless request
//     that was refused with the words "nothing was changed" is two requests, and no notice
//     has two ids;
//   - stale_writes: nobody wrote to what another replica had claimed just then, and no
//     event is of another time than the database's;
//   - gaps: whoever follows the events through one replica after another sees each of them
//     once and in order, places in line have no gap, and each live release was told of;
//   - longest_stall_seconds: how long a request, a report of a run, a dispatch or a notice
//     waited at most, at most 15 in the large drill. What waited while the database itself
//     failed over is database_stall_seconds.
//
// With -drill.without the replicas lack a guard, and the drill must fail. -drill.guards shows
// that of each guard, in short drills: docs/replicas.md has what they said.
package replicas
