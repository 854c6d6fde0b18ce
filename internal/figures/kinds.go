package figures

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// kind is a kind of monitoring system. A new one is a file of its own and a line in kinds.
type kind struct {
	name   string // what its addresses begin with
	syntax string // its address
	// variables are the environment variables with its secrets.
	variables []string
	// check finds mistakes in the part of an address after the kind; nil for none.
	check func(rest string) error
	open  func(ctx context.Context, t target) (sender, error)
}

// kinds is the table of the systems that Open knows.
var kinds = []kind{
	{name: "cloudwatch", syntax: "cloudwatch:NAMESPACE", check: checkCloudWatch, open: openCloudWatch},
	{name: "datadog", syntax: "datadog:SITE, such as datadog:datadoghq.com", variables: []string{"DD_API_KEY"}, check: checkDatadog, open: openDatadog},
	{name: "pushgateway", syntax: "pushgateway:http://SERVER:9091", variables: []string{pushgatewayPassword}, check: checkPushgateway, open: openPushgateway},
	{name: "otlp", syntax: "otlp:https://SERVER:4318", variables: []string{otlpHeaders}, check: checkOTLP, open: openOTLP},
}

// target is a system as it is configured.
type target struct {
	rest      string // what follows the kind in its address
	getenv    func(string) string
	transport http.RoundTripper
}

// sender sends to one system.
type sender interface {
	send(ctx context.Context, s Set) error
}

// Syntaxes are the forms of addresses, one for each kind.
func Syntaxes() []string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = k.syntax
	}
	return all
}

// addresses splits a list at commas and white space.
func addresses(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
}

// Check finds mistakes in a list of addresses; nil for none. It shows no more of an
// address than its kind.
func Check(list string) error {
	seen := map[string]bool{}
	for _, address := range addresses(list) {
		k, rest, err := find(address)
		if err == nil && seen[address] {
			err = errors.New("is there twice; expected each address once")
		}
		if err == nil {
			err = k.check(rest)
		}
		if err != nil {
			name, _, _ := strings.Cut(address, ":")
			return fmt.Errorf("the address %s:... %w", name, err)
		}
		seen[address] = true
	}
	return nil
}

func find(address string) (kind, string, error) {
	name, rest, _ := strings.Cut(address, ":")
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, "", fmt.Errorf("is of no kind that is known; expected %s", strings.Join(Syntaxes(), ", "))
	}
	return kinds[i], rest, nil
}

// Variables are the environment variables with the secrets that a list of addresses needs.
func Variables(list string) []string {
	var names []string
	for _, address := range addresses(list) {
		if k, _, err := find(address); err == nil {
			names = append(names, k.variables...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
