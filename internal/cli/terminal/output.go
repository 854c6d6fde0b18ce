package terminal

import (
	"fmt"
	"time"
)

// OutputFlags say how answers are printed.
type OutputFlags struct {
	JSON     bool   `name:"json" help:"Print JSON: the types of the HTTP API."`
	TimeZone string `placeholder:"ZONE" help:"Zone of the times that people read (default: the site's, where there is none this machine's)."`
}

// Validate refuses an unknown zone before anything is asked.
func (f OutputFlags) Validate() error {
	if f.TimeZone == "" {
		return nil
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil {
		return fmt.Errorf("--time-zone: %q is no time zone; expected an IANA name such as Europe/London", f.TimeZone)
	}
	return nil
}

// Printer prints on the terminal as the flags say.
func (f OutputFlags) Printer(t *Terminal) *Printer {
	p := t.Printer()
	p.JSON = f.JSON
	if f.TimeZone == "" {
		return p
	}
	if zone, err := time.LoadLocation(f.TimeZone); err == nil {
		p.Zone, p.Asked = zone, true
	}
	return p
}
