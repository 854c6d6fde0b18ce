package cli

// The documents that commands of this package print.
type (
	DoctorDocument = doctorDocument
	VersionInfo    = versionInfo
	Failure        = failure
)
