// Package rows has the rows of lists that several pages show. Their fields are what the
// templates show of them.
package rows
