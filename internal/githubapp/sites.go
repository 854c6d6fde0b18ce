package githubapp

import (
	"fmt"
	"strings"
)

// Site says where a site's releases run.
type Site struct {
	Repository string // owner/name
	Workflow   string // its file's name in .github/workflows
	Ref        string // the branch or tag dispatched
	// Environment and URL are those of the site's deployments at GitHub; Deployments says
	// whether there are any.
	Environment, URL string
	Deployments      bool
	// ProtectionRule says whether the app answers the environment's custom deployment
	// protection rule; see Approvals.Of.
	ProtectionRule bool
	// Previews is the name of the workflow that previews pull requests; "" for none.
	Previews string
}

func (s Site) owner() string { owner, _, _ := strings.Cut(s.Repository, "/"); return owner }
func (s Site) name() string  { _, name, _ := strings.Cut(s.Repository, "/"); return name }

// Sites are sites that GitHub carries out, by name.
type Sites map[string]Site

// Of returns the names of the sites of a workflow of a repository; of any workflow for
// "". GitHub's names ignore case.
func (s Sites) Of(repository, workflow string) []string {
	var names []string
	for name, site := range s {
		if strings.EqualFold(site.Repository, repository) && (workflow == "" || site.Workflow == workflow) {
			names = append(names, name)
		}
	}
	return names
}

func (s Sites) find(name string) (Site, error) {
	site, ok := s[name]
	if !ok {
		return Site{}, fmt.Errorf("site %s does not run on GitHub", name)
	}
	return site, nil
}
