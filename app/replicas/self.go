package replicas

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
)

// envName is the variable that names a replica for people; the default is the host's name.
const envName = "PRESSRUN_REPLICA"

// Self is this process as the other replicas see it.
func Self(c config.Config, version string) (ledger.Replica, error) {
	machine, err := machineOf(c.State)
	if err != nil {
		return ledger.Replica{}, err
	}
	hash, err := Hash(c)
	if err != nil {
		return ledger.Replica{}, err
	}
	name := os.Getenv(envName)
	if name == "" {
		if name, err = os.Hostname(); err != nil {
			return ledger.Replica{}, fmt.Errorf("find this machine's name: %w; set %s", err, envName)
		}
	}
	return ledger.Replica{ID: rand.Text(), Name: name, Machine: machine, Version: version, Config: hash, Started: ledger.Now()}, nil
}

// machineOf is the id of a state folder, made at its first use. It stands for the machine:
// the runs that an app built here are in the folder, and on no other machine.
func machineOf(state string) (string, error) {
	path := filepath.Join(state, "machine")
	text, err := os.ReadFile(filepath.Clean(path))
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the id of this state folder: %w", err)
	}
	if err := os.MkdirAll(state, 0o700); err != nil {
		return "", fmt.Errorf("make the state folder: %w", err)
	}
	id := rand.Text()
	if err := atomicfile.Write(path, []byte(id)); err != nil {
		return "", fmt.Errorf("store the id of this state folder: %w", err)
	}
	return id, nil
}

// Hash is the hash of the settings that all replicas must have in common: all but the
// address on which one listens, and its folders.
func Hash(c config.Config) (string, error) {
	c.Keep.Export = strings.TrimPrefix(c.Keep.Export, c.State)
	c.Listen, c.State, c.Ledger, c.LedgerFile = "", "", "", ""
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("hash the configuration: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}
