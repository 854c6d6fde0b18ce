package worddiff

import (
	"slices"
	"sort"
)

// pair is an item of the old text and one of the new that are the same, by index.
type pair struct{ old, new int }

// maxCells bounds the table of common: 4 MB.
const maxCells = 1 << 20

// common finds items that both sides have, in the order of both: a longest common
// subsequence, or, where that would take too long, the items that each side has once.
func common[T comparable](a, b []T) []pair {
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	out := make([]pair, 0, start+end)
	for i := range start {
		out = append(out, pair{i, i})
	}
	inA, inB := a[start:len(a)-end], b[start:len(b)-end]
	middle := anchors[T]
	if (len(inA)+1)*(len(inB)+1) <= maxCells {
		middle = longest[T]
	}
	for _, p := range middle(inA, inB) {
		out = append(out, pair{p.old + start, p.new + start})
	}
	for i := range end {
		out = append(out, pair{len(a) - end + i, len(b) - end + i})
	}
	return out
}

// longest is the longest common subsequence, by a table.
func longest[T comparable](a, b []T) []pair {
	width := len(b) + 1
	left := make([]int32, (len(a)+1)*width) // of what follows each pair of places
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				left[i*width+j] = left[(i+1)*width+j+1] + 1
			} else {
				left[i*width+j] = max(left[(i+1)*width+j], left[i*width+j+1])
			}
		}
	}
	var out []pair
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			out = append(out, pair{i, j})
			i++
			j++
		case left[(i+1)*width+j] >= left[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// anchors are the items that each side has exactly once: as many of them as are in the
// same order on both sides.
func anchors[T comparable](a, b []T) []pair {
	timesA, timesB, placeB := map[T]int{}, map[T]int{}, map[T]int{}
	for _, item := range a {
		timesA[item]++
	}
	for j, item := range b {
		timesB[item]++
		placeB[item] = j
	}
	var both []pair
	for i, item := range a {
		if timesA[item] == 1 && timesB[item] == 1 {
			both = append(both, pair{i, placeB[item]})
		}
	}
	return rising(both)
}

// rising finds, of pairs in the old order, the most that are in the new order too: the
// longest increasing subsequence, by patience sorting.
func rising(all []pair) []pair {
	var piles []int // index of the topmost of each pile
	before := make([]int, len(all))
	for i, p := range all {
		at := sort.Search(len(piles), func(k int) bool { return all[piles[k]].new >= p.new })
		before[i] = -1
		if at > 0 {
			before[i] = piles[at-1]
		}
		if at == len(piles) {
			piles = append(piles, i)
		} else {
			piles[at] = i
		}
	}
	if len(piles) == 0 {
		return nil
	}
	var out []pair
	for i := piles[len(piles)-1]; i >= 0; i = before[i] {
		out = append(out, all[i])
	}
	slices.Reverse(out)
	return out
}
