package operator

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
)

// exportAtOnce bounds the events that an export reads at a time.
const exportAtOnce = 500

// export gives the whole audit trail of a site, oldest first: as CSV (RFC 4180) or as
// JSON lines, by the address's ending.
func (o *operatorPages) export(v *frame.Visit, mediaType string, writer func(io.Writer) func(api.Event) error) {
	name, _, ok := o.SeenSite(v)
	if !ok || !o.allowed(v) {
		return
	}
	found, err := o.view.Events(v.R.Context(), name, 0, exportAtOnce)
	if err != nil {
		o.Trouble(v, err)
		return
	}
	v.W.Header().Set("Content-Type", mediaType)
	v.W.Header().Set("Cache-Control", "no-store")
	v.W.Header().Set("Content-Disposition", `attachment; filename="`+name+`-events`+v.R.URL.Path[strings.LastIndexByte(v.R.URL.Path, '.'):]+`"`)
	write := writer(v.W)
	for len(found) > 0 {
		for _, e := range found {
			if write(view.Event(e)) != nil {
				return // the reader has gone
			}
		}
		if found, err = o.view.Events(v.R.Context(), name, found[len(found)-1].ID, exportAtOnce); err != nil {
			o.Log.Error("an export of events broke off", "site", name, "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes it for whole
		}
	}
}

func (o *operatorPages) exportCSV(v *frame.Visit) {
	o.export(v, "text/csv; charset=utf-8", func(w io.Writer) func(api.Event) error {
		out := csv.NewWriter(w)
		_ = out.Write([]string{"id", "at", "site", "kind", "release", "request", "by", "why"}) // Error returns the error
		return func(e api.Event) error {
			_ = out.Write([]string{
				strconv.FormatInt(e.ID, 10), e.At.UTC().Format(time.RFC3339Nano), e.Site, e.Kind, strconv.FormatInt(e.Release, 10), e.Request, plainCell(e.By), plainCell(e.Why),
			})
			out.Flush()
			return out.Error()
		}
	})
}

func (o *operatorPages) exportLines(v *frame.Visit) {
	o.export(v, "application/x-ndjson", func(w io.Writer) func(api.Event) error {
		out := json.NewEncoder(w)
		return func(e api.Event) error { return out.Encode(e) }
	})
}

// plainCell keeps a spreadsheet from taking somebody's text for a formula
// (https://owasp.org/www-community/attacks/CSV_Injection).
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
