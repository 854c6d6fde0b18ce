// Package rows has the rows of lists that several pages show, with the fields that the
// templates show.
package rows
