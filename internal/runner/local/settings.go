package local

import "time"

// Settings are the settings of a site's runs.
type Settings struct {
	// Folder is the frontend's folder, which is used in place; or else Git is its
	// repository and Ref the branch, tag or commit ("" for the repository's default
	// branch).
	Folder string `json:"folder,omitempty"`
	Git    string `json:"git,omitempty"`
	Ref    string `json:"ref,omitempty"`
	// Limit bounds a whole run; 0 means 3 hours.
	Limit time.Duration `json:"limit,omitempty"`
	// Secret is the variable with the secret of the site's CDN, "" for none. The site's
	// runs do not get those of other sites' CDNs.
	Secret string `json:"secret,omitempty"`
	// Secrets are the variables with further secrets of the site's runs: those of the
	// systems that get their figures.
	Secrets []string `json:"secrets,omitempty"`
	// Env are the action's settings, as environment variables.
	Env map[string]string `json:"env,omitempty"`
}

// secrets are the variables with the secrets of the site's runs.
func (s Settings) secrets() []string { return append([]string{s.Secret}, s.Secrets...) }
