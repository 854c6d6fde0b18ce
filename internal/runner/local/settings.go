package local

import "time"

// Settings are what a site's runs need to know.
type Settings struct {
	// Folder is the frontend's folder, used as it is; or else Git is its
	// repository and Ref the branch, tag or commit ("" for the repository's
	// own default branch).
	Folder string `json:"folder,omitempty"`
	Git    string `json:"git,omitempty"`
	Ref    string `json:"ref,omitempty"`
	// Limit bounds a whole run; 0 means 3 hours.
	Limit time.Duration `json:"limit,omitempty"`
	// Secret is the variable with the secret of the site's CDN, "" for none: the
	// secrets of other sites' CDNs are nothing to its runs.
	Secret string `json:"secret,omitempty"`
	// Secrets are the variables with further secrets of the site's runs: those of where
	// their figures go.
	Secrets []string `json:"secrets,omitempty"`
	// Env are the action's settings, as the environment names them.
	Env map[string]string `json:"env,omitempty"`
}

// secrets are the variables with the secrets of the site's runs.
func (s Settings) secrets() []string { return append([]string{s.Secret}, s.Secrets...) }
