package store

import "encoding/hex"

// Sum is the SHA-256 of a file's bytes.
type Sum [32]byte

// String is the sum in hexadecimal.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// MarshalText writes the sum in hexadecimal.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a hexadecimal sum.
func (s *Sum) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(s) {
		return hex.ErrLength
	}
	_, err := hex.Decode(s[:], text)
	return err
}
