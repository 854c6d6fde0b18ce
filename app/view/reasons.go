package view

import (
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// Reasons are kept in English, by the rules, the runners and the runs. The program's own
// sentences are known again here; what people, builds and other systems said stays as it is.
var (
	// causes may be followed by a colon and a further reason.
	causes = []words.Key{
		words.Key("the run was cancelled"),
		words.Key("the run took too long and was ended"),
		words.Key("the runner died"),
		words.Key("the run could not start"),
		words.Key("the run ended without publishing the site"),
		words.Key("the run failed"),
		words.Key("the run ended"),
		words.Key("it could not be dispatched"),
		words.Key("the deploy failed; the site stays as it was"),
		words.Key("the built site could not be compared with the live one"),
	}
	reasons = []words.Key{
		words.Key("the runner did not confirm that it took the release"),
		words.Key("nothing has been heard of its run"),
		words.Key("its run can't be found any more"),
		words.Key("nothing to do: content and code are as they were for release #%d"),
		words.Key("nothing to do: the content is as it was for release #%d"),
		words.Key("the site was rolled back instead"),
		words.Key("reset: %s"),

		words.Key("on GitHub, by somebody or by a newer run of its concurrency group"),
		words.Key("it passed the workflow's timeout-minutes"),
		words.Key("the workflow file can't be run: GitHub's page of the run says what is wrong with it"),
		words.Key("somebody must approve it on GitHub first"),
		words.Key("GitHub gave it up after hearing nothing of it for 14 days"),
		words.Key("every job of it was skipped"),
		words.Key("at the step %s of the job %s"),
		words.Key("the runner of the job %s was lost, or never came"),
		words.Key("GitHub can't be reached"),
		words.Key("GitHub asks Pressrun to make fewer calls"),
		words.Key("other releases are being dispatched first"),

		words.Key("it ran longer than %s"),
		words.Key("it was handed over and never began"),
		words.Key("the %s took longer than %s and was ended"),
		words.Key("the %s was killed by the system after %s, mostly for want of memory"),
		words.Key("the %s says that the content is at fault"),
		words.Key("the %s failed after %s (%s)"),
		words.Key("the build made no folder %s: %s"),
		words.Key("the step %s failed: %s"),
		words.Key("%s was not ready within %s: %s"),
		words.Key("the release was deployed to %s, but %s does not show it after %s: %s"),
	}
	knownCauses  = words.SentencesOf(causes...)
	knownReasons = words.SentencesOf(slices.Concat(causes, reasons)...)
)

// ending comes before the last lines of a build's output.
const ending = ". The end of its output: "

// reasonWords say a reason in a language, as far as it is the program's own.
func reasonWords(l words.Language, why string) string {
	if l.IsEnglish() {
		return why
	}
	if before, output, cut := strings.Cut(why, ending); cut {
		return reasonWords(l, before) + ". " + l.Say("The end of its output: %s", output)
	}
	if said, known := knownReasons.Again(l, why); known {
		return said
	}
	if cause, more, cut := strings.Cut(why, ": "); cut {
		if said, known := knownCauses.Again(l, cause); known {
			return said + ": " + reasonWords(l, more)
		}
	}
	return why
}

// endWords say why a release ended. A person who ended it has said so in words of their own.
func endWords(l words.Language, r release.Release) string {
	if r.By != "" && r.Outcome == release.Cancelled {
		return r.Why
	}
	return reasonWords(l, r.Why)
}

// EndWords say why the release ended; "" where nothing is said.
func (v Release) EndWords() string { return endWords(v.Language, v.Release.Release) }

// LastEndWords say why the last release ended.
func LastEndWords(v Site) string { return endWords(v.Language, v.Last) }
