// Package slots decides which of the releases that wait start next, where limits bound how
// many run at a time, and tells each of the others what it waits for and its place in line.
//
// It is pure and deterministic: the same releases, limits, turns and time give the same
// decision, in any order. It keeps no state: the slots taken are counted from the running
// releases at each decision, so that no slot can leak.
//
// # The rules
//
// Lanes go in order: emergencies, production, scheduled, previews. Within a lane groups
// take turns: the one whose last turn lies furthest back is next, and within a group the
// release that has waited longest. A release that does not fit into a limit is passed
// over, so that no usable slot stays free, with these exceptions:
//
//   - Some slots of the total may be reserved for emergencies.
//   - An emergency that does not fit keeps the free slots that it needs.
//   - A release that has waited for LiftAfter goes up a lane, up to production: no lane starves.
//   - A release that has waited for NotPassedAfter is passed by none of its own group but
//     emergencies, and keeps the free slots that it needs once its group's turn has come:
//     a release that needs two slots at once never starves.
//
// An emergency is asked for by a person and takes no turn of its group.
package slots
