// Package preview publishes builds that are not the public site yet: of a branch, a
// tag or a pull request, each below one place that holds nothing but previews, and
// each until a day. It keeps a record of every preview in the place's state, so that
// whatever was cut off is finished, or removed, by the next call.
//
// What may become of a preview is decided by pure functions of (record, question,
// now) in record.go and quota.go; create.go and remove.go carry it out.
package preview
