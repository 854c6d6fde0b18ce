//go:build unix

package app

import (
	"net/http"
	"net/url"
	"os"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
	"github.com/pressrun/pressrun/test/servers"
)

// The set-up may be begun at one replica and ended at another; all use the App then, and
// those that start later.
func TestTheAppThatOneReplicaSetUpIsEveryOnes(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	var api string
	shared := func(c *config.Config) {
		c.Ledger, c.GitHub.AppID, c.GitHub.KeyFile, c.GitHub.WebhookSecretFiles = address, 0, "", nil
		if api == "" {
			api = c.GitHub.APIURL
		}
		c.GitHub.APIURL = api
	}
	first, second := startHub(t, fakegithub.Options{}, shared), startHub(t, fakegithub.Options{}, shared)
	if first.setupCode(t) != second.setupCode(t) {
		t.Fatal("each replica has a code of its own")
	}
	v := newVisitor(t) // its cookies are good at both: they differ in the port alone
	_, page, _ := v.do("POST", first.url+"/setup", url.Values{"code": {first.setupCode(t)}})
	back := "/setup/created?state=" + stateOf.FindStringSubmatch(page)[1] + "&code=" + first.github.Approve()
	if status, page, _ := v.do("GET", second.url+back, nil); status != http.StatusOK {
		t.Fatalf("the way back to the other replica gave %d:\n%s", status, page)
	}
	eventually.Holds(t, "the first uses the App", func() bool {
		status, _, _ := v.do("GET", first.url+"/setup", nil)
		return status == http.StatusNotFound
	})
	third := startHub(t, fakegithub.Options{}, shared)
	if status, _, _ := v.do("GET", third.url+"/setup", nil); status != http.StatusNotFound {
		t.Errorf("a replica that started later gave %d", status)
	}
	for _, h := range []*hub{first, second, third} {
		if _, err := os.Stat(h.madeFile()); err == nil {
			t.Error("a key lies in a state folder, and in the database")
		}
	}
}
