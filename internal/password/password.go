// Package password hashes passwords by Argon2id, and refuses those that are guessed
// first. It knows nothing of users.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/crypto/argon2"

	"github.com/pressrun/pressrun/internal/pattern"
)

// Hash is the hash of a password, with its salt and parameters.
type Hash struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
	salt   []byte
	sum    []byte
}

// The parameters of new hashes: OWASP's Password Storage Cheat Sheet, Argon2id with 19
// MiB and 2 passes.
const (
	memory = 19 * 1024
	passes = 2
	lanes  = 1
	salt   = 16
	length = 32
)

// The bounds of a hash's parameters: no less work than the cheat sheet's smallest
// equivalent (7 MiB and 5 passes), and no more than a server can spend on each sign-in.
const (
	leastMemory = 7 * 1024
	leastWork   = 7 * 1024 * 5 // memory times passes
	mostMemory  = 256 * 1024
	mostPasses  = 10
	mostLanes   = 16
)

// New hashes a password with a new salt.
func New(password string) Hash {
	h := Hash{memory: memory, passes: passes, lanes: lanes, salt: make([]byte, salt)}
	if _, err := rand.Read(h.salt); err != nil {
		panic(err) // crypto/rand never fails: see its documentation
	}
	h.sum = h.of(password, length)
	return h
}

func (h Hash) of(password string, length uint32) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, length)
}

// Is says whether a password is the one that was hashed, in constant time.
func (h Hash) Is(password string) bool {
	return len(password) <= Most && len(h.sum) > 0 && subtle.ConstantTimeCompare(h.of(password, uint32(len(h.sum))), h.sum) == 1 //nolint:gosec // G115: Parse bounds it
}

// Nobody is a hash with the same parameters that no password has: a comparison with it
// takes as long, so that time does not tell which users exist.
func (h Hash) Nobody() Hash {
	h.salt, h.sum = make([]byte, salt), make([]byte, length)
	for _, b := range [][]byte{h.salt, h.sum} {
		if _, err := rand.Read(b); err != nil {
			panic(err) // crypto/rand never fails: see its documentation
		}
	}
	return h
}

// String is the hash in the PHC string format.
func (h Hash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.lanes, b64(h.salt), b64(h.sum))
}

var phc = pattern.Of(`^\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$`)

// The errors of Parse. None repeats the text.
var (
	ErrNoHash = errors.New("is no hash of a password by Argon2id")
	ErrWeak   = errors.New("is a hash that is guessed too fast: it takes less memory or fewer passes than OWASP recommends")
	ErrHeavy  = errors.New("is a hash that takes more memory or passes than each sign-in can be given")
)

// Parse reads a hash in the PHC string format.
func Parse(text string) (Hash, error) {
	m := phc().FindStringSubmatch(text)
	if m == nil {
		return Hash{}, ErrNoHash
	}
	var n [3]uint64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseUint(m[i+1], 10, 32); err != nil || n[i] == 0 {
			return Hash{}, ErrNoHash
		}
	}
	saltBytes, err := base64.RawStdEncoding.Strict().DecodeString(m[4])
	if err != nil {
		return Hash{}, ErrNoHash
	}
	sum, err := base64.RawStdEncoding.Strict().DecodeString(m[5])
	if err != nil {
		return Hash{}, ErrNoHash
	}
	switch {
	case n[0] < leastMemory || n[0]*n[1] < leastWork || len(saltBytes) < 8 || len(sum) < 16:
		return Hash{}, ErrWeak
	case n[0] > mostMemory || n[1] > mostPasses || n[2] > mostLanes:
		return Hash{}, ErrHeavy
	}
	return Hash{memory: uint32(n[0]), passes: uint32(n[1]), lanes: uint8(n[2]), salt: saltBytes, sum: sum}, nil //nolint:gosec // G115: bounded above
}
