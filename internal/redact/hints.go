package redact

import "strings"

// hintSet finds in one pass over a text which sets of hints occur in it. It is an
// Aho-Corasick automaton (https://doi.org/10.1145/360825.360855) that ignores the case of
// ASCII letters.
type hintSet struct {
	class [256]uint8 // classes of bytes that no hint distinguishes
	width int
	next  []uint16 // by state times width, plus class
	seen  []uint64 // by state: the sets, as bits, whose hints end there
}

// newHintSet makes a hintSet of at most 64 sets of hints in lower case.
func newHintSet(sets [][]string) *hintSet {
	h := &hintSet{width: 1}
	for _, hints := range sets {
		for _, hint := range hints {
			for _, c := range []byte(hint) {
				if h.class[c] == 0 {
					h.class[c] = uint8(h.width) //nolint:gosec // G115: hints have fewer than 256 characters
					h.width++
				}
			}
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		h.class[c] = h.class[c+'a'-'A']
	}
	h.state()
	for i, hints := range sets {
		for _, hint := range hints {
			at := 0
			for _, c := range []byte(hint) {
				edge := at*h.width + int(h.class[c])
				if h.next[edge] == 0 {
					to := h.state()
					h.next[edge] = to
				}
				at = int(h.next[edge])
			}
			h.seen[at] |= 1 << i
		}
	}
	h.complete()
	return h
}

func (h *hintSet) state() uint16 {
	h.next = append(h.next, make([]uint16, h.width)...)
	h.seen = append(h.seen, 0)
	return uint16(len(h.seen) - 1) //nolint:gosec // G115: there are some hundred states
}

// complete gives every state a transition for every class: where no hint goes on, that of
// the longest suffix that begins a hint.
func (h *hintSet) complete() {
	fallback := make([]uint16, len(h.seen))
	var queue []uint16
	for _, to := range h.next[:h.width] {
		if to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		at := int(queue[0])
		queue = queue[1:]
		back := int(fallback[at])
		h.seen[at] |= h.seen[back]
		for class := range h.width {
			edge := at*h.width + class
			if to := h.next[edge]; to != 0 {
				fallback[to] = h.next[back*h.width+class]
				queue = append(queue, to)
			} else {
				h.next[edge] = h.next[back*h.width+class]
			}
		}
	}
}

// in returns the sets, as bits, of which a hint occurs in a text.
func (h *hintSet) in(text string) (found uint64) {
	// The two letters beyond ASCII whose lower case is ASCII.
	if strings.Contains(text, "\u0130") || strings.Contains(text, "\u212a") {
		text = strings.ToLower(text)
	}
	at := 0
	for i := range len(text) {
		at = int(h.next[at*h.width+int(h.class[text[i]])])
		found |= h.seen[at]
	}
	return found
}
