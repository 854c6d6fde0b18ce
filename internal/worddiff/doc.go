// Package worddiff compares two texts for people, paragraph beside paragraph, with the
// words that differ marked. It is pure, and its work is bounded: texts that have hardly
// anything in common are compared more coarsely.
package worddiff
