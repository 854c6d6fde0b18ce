package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// adder adds up the hashes of rows, so that their order does not matter: databases sort
// texts differently.
type adder struct {
	rows int64
	sum  [4]uint64
}

func (a *adder) add(row []any) {
	h := sha256.New()
	for _, value := range row {
		kind, text := encode(value)
		var head [9]byte
		head[0] = kind
		binary.BigEndian.PutUint64(head[1:], uint64(len(text)))
		_, _ = h.Write(head[:]) // it never fails: see hash.Hash
		_, _ = h.Write(text)
	}
	sum := h.Sum(nil)
	a.rows++
	for i := range a.sum {
		a.sum[i] += binary.BigEndian.Uint64(sum[8*i:])
	}
}

// encode gives one form to the different Go types that the two drivers return for the same value.
func encode(value any) (kind byte, text []byte) {
	switch v := value.(type) {
	case nil:
		return 'n', nil
	case int64:
		return 'i', binary.BigEndian.AppendUint64(nil, uint64(v)) //nolint:gosec // G115: any form will do
	case string:
		return 't', []byte(v)
	case []byte:
		return 'b', v
	}
	return '?', fmt.Append(nil, value)
}

func (a *adder) table(name string) Table {
	var sum []byte
	for _, part := range a.sum {
		sum = binary.BigEndian.AppendUint64(sum, part)
	}
	return Table{Name: name, Rows: a.rows, Sum: hex.EncodeToString(sum[:16])}
}
