package fakekvs_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/fakekvs"
)

// TestTheFakeKeepsToTheServiceModel: botocore has the model that AWS publishes. It
// can't be had everywhere, so the test without it is skipped, also where CI=true.
func TestTheFakeKeepsToTheServiceModel(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.CommandContext(t.Context(), python, "-c", "import botocore.session").Run()
	}
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: botocore is not installed (pip install botocore)")
	}
	server := httptest.NewServer(&fakekvs.Server{})
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), python, "contract.py", server.URL, fakekvs.ARN)
	cmd.Env = append(os.Environ(), "AWS_EC2_METADATA_DISABLED=true", "NO_PROXY=")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "contract kept") {
		t.Fatalf("%v\n%s", err, out)
	}
}
