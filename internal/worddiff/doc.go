// Package worddiff compares two texts for people, paragraph beside paragraph, with the
// words that differ marked. It is pure, and its work is bounded: a text in which hardly
// anything is the same is compared more coarsely. It knows nothing of ours.
package worddiff
