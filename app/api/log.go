package api

import (
	"errors"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/stream"
)

// Logs gives outputs of releases' runs.
type Logs struct {
	guard
	logs stream.RunLogs
}

// serve gives the output of a release's run as text.
func (l *Logs) serve(w http.ResponseWriter, r *http.Request) {
	site := r.PathValue("site")
	if !l.admit(w, r, site, auth.Editor, auth.Operator) {
		return
	}
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil || number < 1 {
		l.problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", "a release is a number from 1"))
		return
	}
	out, err := l.logs.Open(r.Context(), site, number)
	if errors.Is(err, fs.ErrNotExist) {
		err = problem.New(http.StatusNotFound, "not_found", "release #"+strconv.FormatInt(number, 10)+" of "+site+" has no output here")
	}
	if err != nil {
		l.problems.Write(w, r, err)
		return
	}
	defer out.Close()
	stream.Text(w, r, l.log, out)
}
