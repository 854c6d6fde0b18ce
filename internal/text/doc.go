// Package text formats for people, in pages, logs, terminals and annotations:
// amounts with their units, and text from elsewhere made plain and short. What
// one part of Pressrun shows, all show the same way. It knows nothing of
// Pressrun, and nothing of what it writes is read back by programs.
package text
