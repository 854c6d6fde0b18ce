// Package config reads what an operator sets: one YAML file, checked strictly before
// anything starts, with the place of every mistake. How YAML becomes a struct is in
// strict, what a run is told of it in runenv.
//
// A section of the file has a file here, and its checks another. They see each other,
// for what one section says decides what another may say: hence more than elsewhere.
package config

//go:generate go run ./schema
