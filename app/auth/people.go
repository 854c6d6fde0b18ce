package auth

import (
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/password"
)

// people are the local accounts.
type people struct {
	accounts map[string]account // by name, in lower case
	// nobody is the hash to check for names without an account, so that the time does
	// not tell which names exist.
	nobody password.Hash
	names  *tries[string]
	// room bounds how many passwords are hashed at once: each takes memory.
	room chan struct{}
}

type account struct {
	config.Person
	hash password.Hash
}

// hashedAtOnce is how many passwords are hashed at once.
const hashedAtOnce = 2

// newPeople reads the accounts; config.Load has refused passwords that are no hash.
func newPeople(configured []config.Person) *people {
	p := &people{accounts: map[string]account{}, names: newTries[string](), room: make(chan struct{}, hashedAtOnce)}
	for _, one := range configured {
		hash, err := password.Parse(one.Password)
		if err != nil {
			continue // only in a Config that Load has not checked: nobody can sign in to it
		}
		if len(p.accounts) == 0 {
			p.nobody = hash.Nobody()
		}
		p.accounts[strings.ToLower(one.Name)] = account{one, hash}
	}
	return p
}

// identify checks a name and a password, and gives the identity of their account.
func (p *people) identify(name, given string) (identity.Identity, error) {
	key := strings.ToLower(name)
	if len(key) > 100 {
		key = key[:100]
	}
	if !p.names.allow(key, time.Now()) {
		return identity.Identity{}, ErrTooManyTries
	}
	found, ok := p.accounts[strings.ToLower(name)]
	hash := p.nobody
	if ok {
		hash = found.hash
	}
	p.room <- struct{}{}
	right := hash.Is(given)
	<-p.room
	if !ok || !right {
		return identity.Identity{}, ErrWrongPassword
	}
	return identity.Identity{Via: identity.ViaLocal, Subject: found.Name, Name: found.Name, Groups: []string{passwordMark(found.Person)}}, nil
}
