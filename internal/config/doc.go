// Package config reads the operator's configuration: a YAML file or a folder of files,
// checked strictly before anything starts, with the position of every mistake. Package
// strict decodes YAML into structs, and package runenv makes the environment of a run.
// Each section of the file has a file here, and its checks another. They are in one
// package since the checks compare sections: hence more files than elsewhere.
package config

//go:generate go run ./schema
