// Package pull decides about the preview of one pull request, or of one branch or tag that
// somebody asked for by name: what people and GitHub say of it changes its State (Step), and what is to be done follows from the State
// alone (Todo). So whatever was cut off is seen again by the next look, and nothing has
// to be remembered beside the State. It is pure: the app carries out and writes down.
package pull
