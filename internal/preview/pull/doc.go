// Package pull decides about the preview of one pull request, or of one branch or tag that somebody asked for
// by name: events of people and of GitHub change its State (Step), and the next action follows from the State
// alone (Todo). So after a crash the next Todo finds the work that was cut off. It is pure: the app carries
// the actions out and stores the State.
package pull
