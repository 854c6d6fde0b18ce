package config

import (
	"fmt"
	"net/url"
)

// Public is what is shown of a site to those who have no token of the app.
type Public struct {
	// Badge shows how the site stands at /badge/SITE.svg, to everybody.
	Badge bool `yaml:"badge" json:"badge,omitempty"`
	// EmbedOrigins are the pages that may show how the site stands, such as
	// https://cms.example.gov.
	EmbedOrigins []string `yaml:"embed_origins" json:"embed_origins,omitempty"`
	// EmbedSHA256 are the hashes of the tokens that those pages use: good for
	// nothing else. `pressrun token hash` makes one.
	EmbedSHA256 []string `yaml:"embed_sha256" json:"embed_sha256,omitempty"`
}

func checkPublic(k *checker, key string, p Public) {
	for i, origin := range p.EmbedOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Scheme+"://"+u.Host != origin {
			k.wrong(fmt.Sprintf("%s.embed_origins[%d]", key, i), "%q is no origin; expected a scheme and host alone, such as https://cms.example.gov", origin)
		}
	}
	for i, hash := range p.EmbedSHA256 {
		k.tokenHash(fmt.Sprintf("%s.embed_sha256[%d]", key, i), hash)
	}
	switch {
	case len(p.EmbedOrigins) > 0 && len(p.EmbedSHA256) == 0:
		k.wrong(key+".embed_origins", "no token is good for them; expected embed_sha256 beside it")
	case len(p.EmbedSHA256) > 0 && len(p.EmbedOrigins) == 0:
		k.wrong(key+".embed_sha256", "no page may use them; expected embed_origins beside it")
	}
}
