package password

import (
	"errors"
	"strings"
	"testing"
)

func TestAHashIsThatOfItsPasswordAlone(t *testing.T) {
	h := New("four words by chance")
	text := h.String()
	if !strings.HasPrefix(text, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s", text)
	}
	again, err := Parse(text)
	if err != nil || again.String() != text {
		t.Fatalf("%v, %v", again, err)
	}
	for password, want := range map[string]bool{"four words by chance": true, "four words by chance ": false, "": false, "Four words by chance": false, strings.Repeat("x", Most+1): false} {
		if again.Is(password) != want {
			t.Errorf("%.30q: got %v", password, !want)
		}
	}
	if New("four words by chance").String() == text {
		t.Error("two hashes have one salt")
	}
	if n := h.Nobody(); n.memory != h.memory || n.passes != h.passes || n.Is("four words by chance") {
		t.Errorf("nobody's is %v", n)
	}
	if (Hash{}).Is("") {
		t.Error("no hash has a password")
	}
}

func TestHashesOfOthersAreRead(t *testing.T) {
	const rest = "$c29tZXNhbHRzb21lc2FsdA$"
	sum := strings.Repeat("A", 43)
	for text, want := range map[string]error{
		"$argon2id$v=19$m=65536,t=3,p=4" + rest + sum:   nil,
		"$argon2id$v=19$m=7168,t=5,p=1" + rest + sum:    nil,
		"$argon2id$v=19$m=7168,t=4,p=1" + rest + sum:    ErrWeak,
		"$argon2id$v=19$m=4096,t=10,p=1" + rest + sum:   ErrWeak,
		"$argon2id$v=19$m=999999,t=3,p=1" + rest + sum:  ErrHeavy,
		"$argon2id$v=19$m=65536,t=11,p=1" + rest + sum:  ErrHeavy,
		"$argon2id$v=19$m=65536,t=0,p=1" + rest + sum:   ErrNoHash,
		"$argon2i$v=19$m=65536,t=3,p=4" + rest + sum:    ErrNoHash,
		"$2y$10$abcdefghijklmnopqrstuv":                 ErrNoHash,
		"$argon2id$v=16$m=65536,t=3,p=4" + rest + sum:   ErrNoHash,
		"$argon2id$v=19$m=65536,t=3,p=4" + rest + "AAA": ErrNoHash,
		"": ErrNoHash,
	} {
		if _, err := Parse(text); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", text, err, want)
		}
	}
}

func TestPasswordsThatAreGuessedFirstAreRefused(t *testing.T) {
	for password, good := range map[string]bool{
		"short":                      false,
		"fourteen chars":             false,
		"passwordpassword":           false,
		"Password123456789":          false,
		"P@ssw0rd P@ssw0rd!":         false,
		"aaaaaaaaaaaaaaaaaaaa":       false,
		"abcdefghijklmnopqrst":       false,
		"123456789012345678":         false,
		"ada.lovelace.ada.lovelace":  false,
		"letmein-welcome-admin":      false,
		"kelp obelisk fjord tumble":  true,
		"Vq7!mz2#Rk9pLw4x":           true,
		"línea azul, cuatro patos":   true,
		"with a\x00zero byte inside": false,
	} {
		if err := Check(password, "ada.lovelace@example.gov"); (err == nil) != good {
			t.Errorf("%q: got %v", password, err)
		} else if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the refusal repeats it: %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(text)
		if err == nil && (h.memory > mostMemory || h.passes > mostPasses || h.String() != text) {
			t.Errorf("%q became %v", text, h)
		}
	})
}
