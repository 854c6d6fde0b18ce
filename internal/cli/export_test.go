package cli

// NewParser makes the parser, whose model the tests walk.
var NewParser = newParser

// The documents that commands of this package print.
type (
	DoctorDocument = doctorDocument
	VersionInfo    = versionInfo
	Failure        = failure
)
