// Package strict reads a YAML file into a struct, and reports every mistake with its
// position. It is stricter than a YAML library: it converts no value to another type, and
// null and unknown keys are mistakes. It keeps the position of each key for later checks.
// A field's yaml tag is its key. "omit" in its json tag says that it may be left out, the
// enum in its jsonschema tag lists the allowed words, and its expected tag describes the
// expected value in mistakes where the type does not say enough.
package strict
