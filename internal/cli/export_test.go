package cli

// NewParser makes the parser, whose model the tests walk.
var NewParser = newParser
