package api

import (
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// RequestInput asks for a release of a site. Every field may be empty; with more of them
// pages tell editors more.
type RequestInput struct {
	Source    release.Source `json:"source,omitempty" enum:"schedule,content,editor,operator,workflow" doc:"who or what asks; left out, what the token's role is for: a cms asks for content"`
	Actor     string         `json:"actor,omitempty" maxLength:"200" doc:"who asked, as people know them" example:"Ada Lovelace"`
	Title     string         `json:"title,omitempty" maxLength:"500" doc:"title of the content that changed"`
	Link      string         `json:"link,omitempty" maxLength:"2000" format:"uri" doc:"where the content is edited"`
	Entity    string         `json:"entity,omitempty" maxLength:"200" doc:"type and id of the content" example:"article/12"`
	Reason    string         `json:"reason,omitempty" maxLength:"1000" doc:"why, in words"`
	NotBefore *time.Time     `json:"not_before,omitempty" doc:"the content may not be published before this instant"`
	Emergency bool           `json:"emergency,omitempty" doc:"it goes before the releases of all other sites; for operators alone"`
}

// Request is a request with its outcome so far: the answer to "is my change live?".
type Request struct {
	ID         string         `json:"id"`
	Site       string         `json:"site"`
	TimeZone   string         `json:"time_zone,omitempty"`
	Key        string         `json:"idempotency_key,omitempty"`
	Source     release.Source `json:"source"`
	Actor      string         `json:"actor,omitempty"`
	Title      string         `json:"title,omitempty"`
	Link       string         `json:"link,omitempty"`
	Entity     string         `json:"entity,omitempty"`
	Reason     string         `json:"reason,omitempty"`
	AcceptedAt time.Time      `json:"accepted_at"`
	NotBefore  *time.Time     `json:"not_before,omitempty"`
	// Place is its place in line; zero while it is scheduled.
	Place  int64          `json:"place,omitempty"`
	Status release.Status `json:"standing" enum:"scheduled,waiting,in_release,live,was_live,withdrawn"`
	// Release is the release that serves it, or served it.
	Release int64 `json:"release,omitempty"`
	// Failed lists releases that should have served it and did not.
	Failed []int64 `json:"failed,omitempty"`
	// LiveAt is when it went live; ExpectedAt is when it should, judged by the last
	// releases, if there are enough. An ExpectedAt that has passed is still given.
	LiveAt     *time.Time `json:"live_at,omitempty"`
	ExpectedAt *time.Time `json:"expected_at,omitempty"`
	// LateSince is when it became late; left out while it is not.
	LateSince *time.Time `json:"late_since,omitempty"`
	// Condition is why it is not live although its time has come; left out when nothing delays it.
	Condition string `json:"condition,omitempty" enum:"misconfigured,gone,differs,held,rolled_back,paused,frozen,retrying,late,queued"`
	// Answer is the answer in a few words.
	Answer string `json:"answer,omitempty"`
	// Text is the answer in plain words.
	Text string `json:"text"`
}

// AskResult is the answer to asking for a release.
type AskResult struct {
	Request
	// Duplicate is set when the same idempotency key had been used before.
	Duplicate bool `json:"duplicate,omitempty"`
}

// Site is the state of a site.
type Site struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Group is the group of sites that it belongs to.
	Group string `json:"group,omitempty"`
	// TimeZone is that of its editors, in which sentences tell times.
	TimeZone string        `json:"time_zone,omitempty"`
	URL      string        `json:"url,omitempty"`
	State    release.State `json:"state" enum:"ready,requested,dispatched,starting,in_progress,complete"`
	// Condition qualifies the state: why no release is dispatched, or that the current
	// one is late. Left out when there is no such reason.
	Condition string `json:"condition,omitempty" enum:"differs,held,rolled_back,paused,frozen,retrying,late,queued"`
	// Headline is state and condition in a few words.
	Headline string `json:"headline,omitempty"`
	// Since is when the site entered its state; left out while it has never left
	// its first.
	Since time.Time `json:"since,omitzero"`
	// LateSince is since when the current release is late; left out while it is
	// not. UsualSeconds is how long a release usually takes from its dispatch to
	// live; left out when that is not known.
	LateSince    *time.Time `json:"late_since,omitempty"`
	UsualSeconds float64    `json:"usual_seconds,omitempty"`
	// Expected is the span in which the current release should go live, as 9 of 10 did;
	// left out when there is no estimate, and once the span has passed.
	Expected *Expected `json:"expected,omitempty"`
	// Waiting sums up the requests that no running release serves.
	Waiting Waiting  `json:"waiting"`
	Current *Release `json:"current,omitempty"`
	Last    *Release `json:"last,omitempty"`
	Live    *Release `json:"live,omitempty"`
	Paused  *Pause   `json:"paused,omitempty"`
	Held    *Hold    `json:"held,omitempty"`
	Freezes []Freeze `json:"freezes,omitempty"`
	// Shows is what the public address shows, if it is not the live release: somebody
	// changed the destination without the app.
	Shows *Shows `json:"shows,omitempty"`
	// Scheduled is when the next request with a not-before falls due.
	Scheduled *time.Time `json:"scheduled,omitempty"`
	// Removed is how much of the history is no longer kept; left out if it is whole.
	Removed *Removed `json:"removed,omitempty"`
	// Mistake is why the site is not served: the first mistake in its configuration, or that
	// its configuration was removed. Left out when it is served.
	Mistake string `json:"mistake,omitempty"`
	// Text sums it up in plain words.
	Text string `json:"text"`
}

// Expected is the span in which a release is expected to go live.
type Expected struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Waiting says how many requests wait, since when and for what.
type Waiting struct {
	Count int64      `json:"count"`
	Since *time.Time `json:"since,omitempty"`
	// DispatchAt is when a release for them will be dispatched, if that is known; For is
	// what they wait for.
	DispatchAt *time.Time `json:"dispatch_at,omitempty"`
	For        string     `json:"for,omitempty" enum:"grouping,retry,freeze,pause,hold,rollback,slot,release,dispatch"`
	// Slot describes the wait if it is for a slot.
	Slot *SlotWait `json:"slot,omitempty"`
	Text string    `json:"text,omitempty"`
}

// SlotWait is the wait of a due release for a slot, since as many releases run as may.
type SlotWait struct {
	// Of says which limit is reached, and Name and Machine its runner, installation of
	// the GitHub App, or group.
	Of      string `json:"of" enum:"total,runner,installation,group"`
	Name    string `json:"name,omitempty"`
	Machine string `json:"machine,omitempty"`
	// Reserved says that the remaining slots are for emergencies.
	Reserved bool `json:"reserved,omitempty"`
	// Limit is how many may run at a time.
	Limit int `json:"limit"`
	// Place counts from 1 among those that wait for the same limit.
	Place int `json:"place"`
	// Lane is how urgent it is. Releases start in the order of the lanes.
	Lane string `json:"lane" enum:"emergency,production,scheduled,preview"`
}

// Release is one pass that publishes a site.
type Release struct {
	Site     string          `json:"site"`
	TimeZone string          `json:"time_zone,omitempty"`
	Number   int64           `json:"number"`
	State    release.State   `json:"state" enum:"ready,requested,dispatched,starting,in_progress,complete" doc:"ready once it has ended"`
	Outcome  release.Outcome `json:"outcome,omitempty" enum:"succeeded,failed,cancelled,stale,superseded,unchanged"`
	Why      string          `json:"why,omitempty"`
	Fault    release.Fault   `json:"fault,omitempty" enum:"content,build,platform,pressrun"`
	By       string          `json:"by,omitempty"`
	// Requests is how many requests it serves.
	Requests int64 `json:"requests"`
	// RollbackTo is the number of the release whose content it puts back; left out
	// for one that is built.
	RollbackTo int64 `json:"rollback_to,omitempty"`
	// Guards are those of the deploy that stopped it, and Allowed those that an
	// operator let pass in it; left out when there are none.
	Guards  []string `json:"guards,omitempty"`
	Allowed *Allowed `json:"allowed,omitempty"`
	// Live says that it is the release that the site shows.
	Live      bool       `json:"live,omitempty"`
	Retry     int64      `json:"retry_of,omitempty"`
	Run       *Run       `json:"run,omitempty"`
	Note      string     `json:"note,omitempty"`
	Late      bool       `json:"late,omitempty"`
	LateSince *time.Time `json:"late_since,omitempty" doc:"left out while it is not late"`
	Watermark *time.Time `json:"watermark,omitempty"`
	// Content is which content was read for it; left out until its run reports that, if it
	// ever does.
	Content *Content `json:"content,omitempty"`
	// SameAs is the live release with the same content, if it found nothing to do.
	SameAs int64 `json:"same_as,omitempty"`
	Times  Times `json:"times"`
	// Metrics are the figures that the run measured, once it has reported them.
	Metrics *Metrics `json:"metrics,omitempty"`
}

// Content is which content was read for a release.
type Content struct {
	// Consistency is what holds for the content: it is of one instant (snapshot); it is of
	// one instant, since it was read until nothing had changed since the watermark (quiet);
	// or each item is of some instant after the watermark (per item).
	Consistency release.Consistency `json:"consistency" enum:"snapshot,quiet,per item"`
	// Digest is of content and code; left out where there is none.
	Digest string `json:"digest,omitempty"`
}

// Allowed are guards of the deploy that are let pass in one release, and by whom.
type Allowed struct {
	Guards []string  `json:"guards"`
	By     string    `json:"by,omitempty"`
	Why    string    `json:"why,omitempty"`
	At     time.Time `json:"at"`
}

// Times are when a release entered each state.
type Times struct {
	Requested  *time.Time `json:"requested,omitempty"`
	Dispatched *time.Time `json:"dispatched,omitempty"`
	Starting   *time.Time `json:"starting,omitempty"`
	InProgress *time.Time `json:"in_progress,omitempty"`
	Complete   *time.Time `json:"complete,omitempty"`
	Ended      *time.Time `json:"ended,omitempty"`
}

// Shows is what a public address shows instead of the live release.
type Shows struct {
	// Release is the number of the release whose content it is; left out when it is not
	// from this app.
	Release int64     `json:"release,omitempty"`
	Since   time.Time `json:"since"`
	Text    string    `json:"text"`
}

// Pause, Hold and Freeze say why nothing is dispatched.
type (
	// Pause is an operator's stop.
	Pause struct {
		By    string     `json:"by"`
		Why   string     `json:"why"`
		Since time.Time  `json:"since"`
		Until *time.Time `json:"until,omitempty"`
	}
	// Hold is the stop after too many failures, or a cancellation.
	Hold struct {
		Why   string    `json:"why"`
		Since time.Time `json:"since"`
	}
	// Freeze is a window in which nothing is dispatched.
	Freeze struct {
		ID   string    `json:"id,omitempty"`
		From time.Time `json:"from"`
		To   time.Time `json:"to"`
		Why  string    `json:"why"`
		By   string    `json:"by,omitempty"`
	}
)

// Run names what carries a release out.
type Run struct {
	ID      string `json:"id" minLength:"1" maxLength:"200"`
	Attempt int    `json:"attempt" minimum:"1"`
	URL     string `json:"url,omitempty" maxLength:"2000"`
}

// Event is an entry of the audit trail.
type Event struct {
	ID      int64     `json:"id"`
	Site    string    `json:"site"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Release int64     `json:"release,omitempty"`
	Request string    `json:"request,omitempty"`
	By      string    `json:"by,omitempty"`
	Why     string    `json:"why,omitempty"`
}
