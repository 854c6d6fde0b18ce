package rows

// Filter leads to a part of a list.
type Filter struct {
	Text, Link string
	Current    bool
}
