package serve_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/password"
)

func TestANewPasswordIsGoodForTheConfiguration(t *testing.T) {
	const given = "lantern orbit quietly 41"
	o := clitest.Run(t, clitest.Invocation{Args: []string{"password", "ada@example.gov", "--role", "operator", "--site", "www"}, In: given + "\n"})
	_, lines, ok := strings.Cut(o.Out, "under sign_in: people:\n\n")
	if o.Code != 0 || !ok || strings.Contains(o.Out+o.Err, given) {
		t.Fatalf("%d %q %q", o.Code, o.Out, o.Err)
	}
	c, err := config.Parse("p", "/", []byte("sign_in:\n  people:\n"+lines+"sites: {www: {runner: local, source: {folder: a}, build: {output: b}, deploy: {to: c}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := c.SignIn.People[0]
	hash, err := password.Parse(got.Password)
	if err != nil || got.Name != "ada@example.gov" || got.Role != "operator" || len(got.Sites) != 1 || !hash.Is(given) || hash.Is(given+" ") {
		t.Errorf("got %+v, %v", got, err)
	}
	var d struct {
		Name, Role, Password string
		Sites                []string
	}
	o = clitest.Run(t, clitest.Invocation{Args: []string{"password", "grace", "--json"}, In: given})
	if err := json.Unmarshal([]byte(o.Out), &d); err != nil || d.Name != "grace" || d.Role != "editor" || d.Sites != nil || d.Password == got.Password {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestAPasswordThatIsGuessedIsNotHashed(t *testing.T) {
	for name, c := range map[string]struct{ args, in string }{
		"short": {"password|ada", "lantern41\n"}, "empty": {"password|ada", "\n"}, "none": {"password|ada", ""},
		"common":     {"password|ada", "passwordpassword1\n"},
		"a bad name": {"password|ada lovelace", "lantern orbit quietly 41\n"}, "a bad role": {"password|ada|--role|cms", "lantern orbit quietly 41\n"},
	} {
		args := strings.Split(strings.TrimSuffix(c.args, "|"), "|")
		o := clitest.Run(t, clitest.Invocation{Args: args, In: c.in})
		given := strings.TrimSpace(c.in)
		if o.Code != 2 || o.Out != "" || strings.Contains(o.Out, "argon2") || given != "" && strings.Contains(o.Err, given) {
			t.Errorf("%s: %d %q %q", name, o.Code, o.Out, o.Err)
		}
	}
}
