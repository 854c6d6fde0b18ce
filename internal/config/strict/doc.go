// Package strict reads a YAML file into a struct, and tells of every mistake in it with
// its place. It is stricter than a YAML library: no value is turned into another type,
// null is no value, an unknown key is a mistake. It keeps the place of each key for the
// checks that follow.
//
// A field's yaml tag is its key. Its json tag says by "omit" that it may be left out, the
// enum of its jsonschema tag which words it takes, and its expected tag what stands in a
// mistake where the type does not say enough.
package strict
