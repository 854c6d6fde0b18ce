package githubapp

import (
	"testing"

	"github.com/pressrun/pressrun/test/fakegithub"
)

func BenchmarkTakeHook(b *testing.B) {
	body := fakegithub.Example("workflow_run.completed.1")
	header := signed(fakegithub.Sign("secret", body))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := VerifyWebhook(header, body, []string{"secret"}); err != nil {
			b.Fatal(err)
		}
		if _, err := ParseWebhook("workflow_run", body); err != nil {
			b.Fatal(err)
		}
	}
}
