package cdn

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

func FuzzCloudflareAnswer(f *testing.F) {
	for _, seed := range []string{`{"success":true}`, `{"success":false,"errors":[{"code":1,"message":"x"}]}`, `[]`, ``, `{"success":"yes"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		err := refusal(answer)
		var plain struct {
			Success bool `json:"success"`
		}
		if err == nil && (json.Unmarshal(answer, &plain) != nil || !plain.Success) {
			t.Errorf("%q passes for a success", answer)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("unfit for a log: %q", err)
		}
	})
}

func FuzzReceipt(f *testing.F) {
	f.Add([]byte(`{"cdn":"fastly:SVC","set":{"all":true},"left":{"tags":["a"]},"open":["I1"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r Receipt
		if json.Unmarshal(text, &r) != nil {
			return
		}
		items := r.Left.items()
		if r.Left.Empty() != (len(items) == 0) || r.Left.Units() != len(items) {
			t.Errorf("%d units, %d items", r.Left.Units(), len(items))
		}
		n := 0
		for _, batch := range (callLimits{total: 3, prefixes: 2}).batches(items) {
			n += len(batch)
		}
		if n != len(items) {
			t.Errorf("%d of %d items are sent", n, len(items))
		}
	})
}

func FuzzTags(f *testing.F) {
	f.Add("a, b,c")
	f.Fuzz(func(t *testing.T, value string) {
		h, err := store.NewHeaders(map[string]string{cloudFrontTagHeader: value})
		if err != nil {
			return
		}
		for _, tag := range Tags(h, cloudFrontTagHeader) {
			if !validTag(tag) || strings.ContainsAny(tag, ", *\t") {
				t.Errorf("tag %q of %q", tag, value)
			}
		}
	})
}
