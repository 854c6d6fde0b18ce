package operator

import (
	"net/http"

	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
)

// operatorPages carry out operators' acts.
type operatorPages struct {
	*frame.Frame
	view     *view.Reader
	commands *command.Commands
}

// Register puts the pages for operators on a mux.
func Register(mux *http.ServeMux, f *frame.Frame, views *view.Reader, commands *command.Commands, notices *command.Notices) {
	operate := &operatorPages{Frame: f, view: views, commands: commands}
	list := &noticePages{operatorPages: operate, notices: notices}
	mux.HandleFunc("GET /sites/{site}/operate", f.SignedIn(operate.show))
	mux.HandleFunc("GET /sites/{site}/events.csv", f.SignedIn(operate.exportCSV))
	mux.HandleFunc("GET /sites/{site}/events.jsonl", f.SignedIn(operate.exportLines))
	mux.HandleFunc("POST /sites/{site}/freezes", f.SignedIn(operate.freeze))
	mux.HandleFunc("POST /sites/{site}/thaw", f.SignedIn(operate.thaw))
	mux.HandleFunc("GET /sites/{site}/allow", f.SignedIn(operate.askAllow))
	mux.HandleFunc("POST /sites/{site}/allow", f.SignedIn(operate.allow))
	mux.HandleFunc("GET /sites/{site}/rollback", f.SignedIn(operate.askRollback))
	mux.HandleFunc("POST /sites/{site}/rollback", f.SignedIn(operate.rollback))
	mux.HandleFunc("GET /sites/{site}/notices", f.SignedIn(list.show))
	mux.HandleFunc("POST /sites/{site}/notices/{id}", f.SignedIn(list.replay))
	mux.HandleFunc("GET /sites/{site}/{act}", f.SignedIn(operate.confirm))
	mux.HandleFunc("POST /sites/{site}/{act}", f.SignedIn(operate.act))
}
