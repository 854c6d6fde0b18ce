package config

import (
	"fmt"
	"net/url"
	"os"
)

// LedgerSQLite is the value of ledger for a file in the state folder.
const LedgerSQLite = "sqlite"

// envLedger is the variable with the address of the ledger's database, for a
// configuration that does not set it.
const envLedger = "PRESSRUN_LEDGER"

func checkLedger(k *checker) {
	c := k.config
	if k.Has("ledger") && k.Has("ledger_file") {
		k.wrong("ledger_file", "ledger says where the ledger is already; expected one of the two")
	}
	if !k.Has("ledger") || c.Ledger == LedgerSQLite {
		return
	}
	u, err := url.Parse(c.Ledger)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		// Not quoted: it may hold a password.
		k.wrong("ledger", "is no place for a ledger; expected sqlite, or the address of a database, such as postgres://pressrun@db.example.gov/pressrun")
		return
	}
	if _, secret := u.User.Password(); secret || u.Query().Has("password") {
		k.wrong("ledger", "holds a password, which has no place in this file; put the whole address into a file and name that as ledger_file, or into the environment variable %s", envLedger)
	}
}

// LedgerAddress is the address of the ledger's database, a secret; "" for a file in the
// state folder.
func (c *Config) LedgerAddress() (string, error) {
	if c.LedgerFile != "" {
		lines, err := SecretLines(c.LedgerFile)
		if err != nil {
			return "", fmt.Errorf("read the ledger's address: %w", err)
		}
		return lines[0], nil
	}
	if c.Ledger != "" && c.Ledger != LedgerSQLite {
		return c.Ledger, nil
	}
	return os.Getenv(envLedger), nil
}
