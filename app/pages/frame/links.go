package frame

import (
	"net/url"
	"strconv"
)

// SiteLink leads to the page of a site.
func SiteLink(site string) string { return "/sites/" + url.PathEscape(site) }

// ReleaseLink leads to the page of a release.
func ReleaseLink(site string, number int64) string {
	return SiteLink(site) + "/releases/" + strconv.FormatInt(number, 10)
}

// RequestLink leads to the page of a request.
func RequestLink(id string) string { return "/requests/" + url.PathEscape(id) }
