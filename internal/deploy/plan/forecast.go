package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Forecast is the cost of a plan.
type Forecast struct {
	Requests int `json:"requests"` // about: retries come on top
	Writes   int `json:"writes"`   // of those, PUT and COPY, which S3 bills highest
	// Dollars at S3's list price in us-east-1 for standard storage: $0.005 for a
	// thousand writes, $0.0004 for a thousand reads; deletes are free.
	Dollars float64 `json:"dollars"`
}

// The requests of any deploy: reads of the head and the manifest; writes of the lease, the
// marker and the head, and of the plan and the manifest where something changes.
const (
	readOverhead  = 2
	writeOverhead = 3
	planOverhead  = 2
)

// Forecast counts a plan's requests, and the copies that keep the replaced files.
func (p *Plan) Forecast(replaced []manifest.Entry) Forecast {
	f := Forecast{Writes: writeOverhead + len(replaced)}
	for _, phase := range p.Phases {
		f.Writes += len(phase.Writes)
	}
	if !p.Empty() {
		f.Writes += planOverhead
	}
	f.Requests = f.Writes + readOverhead + len(p.Deletes)
	f.Dollars = float64(f.Writes)*0.005/1000 + readOverhead*0.0004/1000
	return f
}

// Digest is the hash of the plan's changes.
func (p *Plan) Digest() string {
	h := sha256.New()
	for w := range p.AllWrites() {
		e := &p.Next.Entries[w.Index]
		fmt.Fprintf(h, "%s %q %s %q\n", w.Reason, e.Path, e.Sum, e.Headers)
	}
	for _, d := range p.Deletes {
		fmt.Fprintf(h, "%s %q %s\n", d.Reason, d.Path, d.Sum)
	}
	return hex.EncodeToString(h.Sum(nil))
}
