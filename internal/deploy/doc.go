// Package deploy has the words of a deploy's output: its progress (Event) and its Result.
// Its sub-packages make a built site the live one.
//
// The pure half decides: what a destination has (manifest), which files have to be sent
// and in which order (plan), which builds must not go out (guard, links), where moved
// addresses lead (redirect), and under which headers a file is served (rules). None of
// them reads a clock, a file or a network; package engine does that, through the
// interface in package store, which s3 and dir implement.
//
// # How a deploy goes
//
//	lease -> write-ahead manifest -> assets -> other files -> pages ->
//	entry pages -> marker -> commit (head) -> deletes
//
// Each phase starts only when the one before it is complete, so no page is ever live
// before its stylesheet. The head object is swapped by a conditional write, so two
// deploys can't both win. After a crash at any request, the next deploy learns from the
// write-ahead manifest which keys are in doubt, looks at those alone, and sends the rest.
//
// # State at the destination
//
// Under the state prefix (".pressrun/" by default):
//
//	head                       who deploys, and which release is live
//	releases/0000000042.plan   what deploy 42 was about to do (write-ahead)
//	releases/0000000042        what the destination held after deploy 42
//
// "42" is the deploy's sequence number, which is also the fencing number of its
// lease: it only ever grows. The release number is the one people see; the same
// release may be deployed more than once.
package deploy
