package pull

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The errors of Subject.
var (
	// ErrNothing says that the text is empty.
	ErrNothing = errors.New("nothing is named")
	// ErrName says that the text is not the name of a branch or a tag that may be built.
	ErrName = errors.New("this is no name of a branch or a tag that can be previewed")
)

const (
	// MaxBranch bounds a branch's name, in bytes.
	MaxBranch = 200
	// maxPull is the largest number of a pull request that is looked for.
	maxPull = 1 << 31
)

var (
	// numbered matches a pull request as people write one.
	numbered = regexp.MustCompile(`^(?:#|pull/)?([0-9]{1,10})$`)
	// branchName matches the names of branches that are passed to workflows and shown:
	// letters, digits and few signs. Git allows more
	// (git-scm.com/docs/git-check-ref-format), which shells and templates would interpret.
	branchName = regexp.MustCompile(`^[\p{L}\p{N}_@][\p{L}\p{M}\p{N}._/+@#-]*$`)
)

// Subject reads what somebody entered: the number of a pull request, or a branch or a
// tag, for which it derives a number below 0.
func Subject(text string) (number int64, branch string, err error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, "", ErrNothing
	}
	if m := numbered.FindStringSubmatch(text); m != nil {
		number, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || number < 1 || number >= maxPull {
			return 0, "", ErrName
		}
		return number, "", nil
	}
	if !isBranch(text) {
		return 0, "", ErrName
	}
	sum := sha256.Sum256([]byte(text))
	return -1 - int64(binary.BigEndian.Uint64(sum[:8])>>12), text, nil // JSON's numbers are exact below 2^53
}

func isBranch(text string) bool {
	bad := func(part string) bool {
		return part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock")
	}
	switch {
	case len(text) > MaxBranch, !branchName.MatchString(text):
	case strings.Contains(text, ".."), strings.HasSuffix(text, "."), text == "@":
	case strings.HasPrefix(text, "refs/"), slices.ContainsFunc(strings.Split(text, "/"), bad):
	default:
		return true
	}
	return false
}
