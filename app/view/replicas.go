package view

import (
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/words"
)

// Replica is a process of the app, among those on one ledger.
type Replica struct {
	ID, Name, Version string
	Started           time.Time
	// Self says that this is the process that made the view.
	Self bool
	// OtherVersion and OtherConfig say that it differs in these from that process.
	OtherVersion, OtherConfig bool
	// Silent is how long it has been silent; 0 for one that lives.
	Silent time.Duration
}

// replicasOf compares replicas with one of them. It leaves out all but the last process of a
// state folder: the earlier ones have ended.
func replicasOf(all []ledger.Replica, self ledger.Replica, now time.Time) (out []Replica) {
	last := map[string]string{} // by machine
	for _, one := range all {
		last[one.Machine] = one.ID
	}
	for _, one := range all {
		if last[one.Machine] != one.ID {
			continue
		}
		shown := Replica{ID: one.ID, Name: one.Name, Version: one.Version, Started: one.Started, Self: one.ID == self.ID}
		if age := now.Sub(one.Seen); age >= ledger.Silent {
			shown.Silent = age
		} else {
			shown.OtherVersion, shown.OtherConfig = one.Version != self.Version, one.Config != self.Config
		}
		out = append(out, shown)
	}
	return out
}

// ReplicaAlerts warn of replicas that are silent, or differ from the others in version or
// configuration.
func ReplicaAlerts(all []Replica, c when.Clock) (out []Alert) {
	l := c.Language
	for _, one := range all {
		switch {
		case one.Silent > 0:
			out = append(out, Alert{
				Kind: "warn", Title: l.Say("Replica %s is silent", one.Name), Since: c.At(c.Now.Add(-one.Silent)),
				Text: l.Say("The others do its work. If it was taken away for good, it leaves this list within a day."),
			})
		case one.OtherVersion:
			out = append(out, Alert{
				Kind: "warn", Title: l.Say("Replica %s has another version", one.Name),
				Text: l.Say("It is %s. That is so in the middle of an upgrade; afterwards all must have the same.", one.Version),
			})
		case one.OtherConfig:
			out = append(out, Alert{
				Kind: "warn", Title: l.Say("Replica %s has another configuration", one.Name),
				Text: l.Say("What happens then depends on which of them does it: give all the same, and restart those that have the old one."),
			})
		}
	}
	return out
}

// Flags name the properties of a replica that need a look, in a few words each.
func (r Replica) Flags(l words.Language) (out []Alert) {
	if r.Silent > 0 {
		out = append(out, Alert{Kind: "bad", Title: l.Say("nothing heard for %s", l.Span(r.Silent))})
	}
	if r.OtherVersion {
		out = append(out, Alert{Kind: "warn", Title: l.Say("another version")})
	}
	if r.OtherConfig {
		out = append(out, Alert{Kind: "warn", Title: l.Say("another configuration")})
	}
	return out
}
