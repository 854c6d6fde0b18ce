package main

import (
	"bytes"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
)

func TestTheCommittedSchemaIsUpToDate(t *testing.T) {
	text, err := generate("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, config.Schema()) {
		t.Error("schema/pressrun.schema.json is not what the types say: run go generate ./internal/config")
	}
}
