package release

import "fmt"

// fail ends the current release without success. Its requests wait again; the next
// release takes them up after a growing delay, until the site is held. A cancelled
// release does not count as failed, however it ended.
func (t *turn) fail(outcome Outcome, why string, fault Fault) {
	if t.cancelling() {
		t.finishCancel()
		return
	}
	if t.Current.isRollback() {
		t.giveBack(outcome, why, fault, "") // no retry: the site is held
		return
	}
	t.Failures++
	t.giveBack(outcome, why, fault, "")
	if t.Failures > len(t.Policy.RetryDelays) {
		t.hold(heldWords(t.Failures, why), LiftedByPerson)
		return
	}
	if t.State == Requested {
		t.Current.NotBefore = t.now.Add(t.Policy.RetryDelays[t.Failures-1])
	}
}

// giveBack ends the current release and puts its requests back in line, with those that came since.
func (t *turn) giveBack(outcome Outcome, why string, fault Fault, by string) {
	t.Current.Outcome, t.Current.Why, t.Current.Fault, t.Current.By = outcome, why, fault, by
	t.Waiting = t.Current.Requests.merge(t.Waiting)
	number, rollback := t.Current.Number, t.Current.isRollback()
	t.settle()
	if t.State == Requested && !rollback {
		t.Current.Retry = number
	}
}

func heldWords(failures int, why string) string {
	if failures == 1 {
		return "the last release did not succeed: " + why
	}
	return fmt.Sprintf("%d releases in a row did not succeed; the last: %s", failures, why)
}
