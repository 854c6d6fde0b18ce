package release

import "time"

// Admit says whether a run that waits before its first job, without a runner,
// may begin now: nil when its claim would be granted or ends it green, else a
// Conflict that says what it waits for. A release that was dispatched waits
// here also for the end of a pause or a freeze that came after its dispatch.
func (s Site) Admit(run string, now time.Time) error {
	t := turn{Site: s, now: now}
	if t.State == Requested && t.Current.Dispatch.Token != "" && t.Current.Run.ID == "" {
		return refuse(CodeNotYourTurn, "release #%d is being dispatched; which run it has will be known soon", t.Current.Number)
	}
	if t.State != Ready && t.Current.Run.ID == run {
		if t.claimed() || t.cancelling() {
			return nil // a further job of the run, or one that its claim ends
		}
		return t.stopped()
	}
	if t.State != Ready && (t.State != Requested || t.cancelling()) {
		return refuse(CodeNotYourTurn, "release #%d is running; the next one begins when it has ended", t.Current.Number)
	}
	return t.stopped()
}
