package notify

import (
	"encoding/json"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// datoCMS reports the result of a build trigger to DatoCMS
// (https://www.datocms.com/marketplace/hosting/custom-webhook). The address that DatoCMS
// shows is itself the secret.
var datoCMS = Kind{
	Name: "datocms", Secret: SecretNever, Body: datoResult,
	Tells: []Type{ReleaseLive, ended(release.Failed), ended(release.Cancelled), ended(release.Stale)},
	Header: func(string, []byte, []string, time.Time) map[string]string {
		return map[string]string{"Content-Type": "application/json"}
	},
}

func datoResult(_ string, f Fact) ([]byte, error) {
	status := "error"
	if f.Type == ReleaseLive || f.Type == Test {
		status = "success"
	}
	return json.Marshal(map[string]string{"status": status})
}
