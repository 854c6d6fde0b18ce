package preview

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestABranchHasANameThatAHostCanHave(t *testing.T) {
	for ref, want := range map[string]string{
		"main":           "main",
		"feature-a":      "feature-a",
		"feature/a":      "feature-a-",
		"Feature-A":      "feature-a-",
		"www":            "www-",
		"../../etc":      "etc-",
		"日本語":            "preview-",
		"--":             "preview-",
		"xn--abc":        "xn-abc-",
		"deadbeef":       "deadbeef-",
		"$(rm -rf /)":    "rm-rf-",
		"a.b":            "a-b-",
		"refs/pull/12":   "refs-pull-12-",
		"release_2026":   "release-2026-",
		"fix-0123abcd":   "fix-0123abcd-",
		"<script>alert`": "script-alert-",
	} {
		got := Name(ref)
		if strings.HasSuffix(want, "-") && (!strings.HasPrefix(got, want) || len(got) != len(want)+sumDigits) || !strings.HasSuffix(want, "-") && got != want {
			t.Errorf("the preview of %q is named %q, want %q and a hash", ref, got, want)
		}
		if !IsName(got) {
			t.Errorf("%q is no name that a host can have", got)
		}
	}
	if long := Name(strings.Repeat("long-branch-", 20)); len(long) > maxLabel || !IsName(long) {
		t.Errorf("%q has %d characters", long, len(long))
	}
}

func TestNoTwoBranchesShareAName(t *testing.T) {
	ref := rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z0-9/_.-]{1,12}`),
		rapid.StringMatching(`[ab]([-/.][ab]){0,3}`),
		rapid.Map(rapid.StringMatching(`[ab]([-/.][ab]){0,3}`), Name), // a branch that has another one's name
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		a, b := ref.Draw(t, "a"), ref.Draw(t, "b")
		if a != b && Name(a) == Name(b) {
			t.Fatalf("%q and %q are both named %q", a, b, Name(a))
		}
		if !IsName(Name(a)) {
			t.Fatalf("%q is named %q, which no host can be", a, Name(a))
		}
	})
}

func TestWhatIsNoBranchIsRefused(t *testing.T) {
	for _, ref := range []string{"", "a\nb", "a\x00", "\xff", strings.Repeat("a", 256), "a\u202eb"} {
		if CheckRef(ref) == nil {
			t.Errorf("%q was taken for a branch's name", ref)
		}
	}
	for _, ref := range []string{"main", "feature/a", "日本語", "v1.0"} {
		if err := CheckRef(ref); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
}
