package config

import _ "embed" // the schema

//go:generate go run ./schema

//go:embed schema/pressrun.schema.json
var schema []byte

// Schema is the JSON schema (2020-12) of the configuration file, for editors.
func Schema() []byte { return schema }
