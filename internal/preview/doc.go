// Package preview publishes previews: builds of a branch, a tag or a pull request, each
// below one place that holds nothing but previews, and each until it expires. It keeps a
// record of every preview in the place's state, so that the next call finishes or removes
// one whose work was cut off. Pure functions in record.go and quota.go decide about a
// preview; create.go and remove.go carry that out.
package preview
