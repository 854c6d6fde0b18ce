// Package text formats for people, in pages, logs, terminals and annotations: amounts
// with their units, and text from elsewhere made plain and short. It keeps all parts of
// Pressrun to one format. No program reads its formats back.
package text
