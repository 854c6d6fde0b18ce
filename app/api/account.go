package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

type accountInput struct {
	Site   string `path:"site" maxLength:"100"`
	Number int64  `path:"number" minimum:"1"`
	Body   api.AccountInput
}

// account stores a release's account: what became of every address of its bake.
func (u *Runs) account(ctx context.Context, in *accountInput) (*struct{}, error) {
	if err := u.carriesOut(ctx, in.Site, in.Number); err != nil {
		return nil, err
	}
	if len(in.Body.Lines) > api.MaxAccount {
		return nil, problem.Invalid("body.lines", fmt.Sprintf("must be %d bytes at most", api.MaxAccount))
	}
	lines, err := stream.OpenAccount(in.Body.Lines)
	if err == nil {
		_, err = io.Copy(io.Discard, lines)
	}
	if err != nil {
		return nil, problem.Invalid("body.lines", "must be gzip of JSON lines")
	}
	return nil, u.problems.Err(ctx, u.ledger.PutAccount(ctx, in.Site, in.Number, in.Body.Lines))
}

// Accounts serves releases' accounts of addresses.
type Accounts struct {
	guard
	ledger *ledger.Ledger
}

func (a *Accounts) serve(w http.ResponseWriter, r *http.Request) {
	site := r.PathValue("site")
	if !a.admit(w, r, site, auth.Editor, auth.Operator) {
		return
	}
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil || number < 1 {
		a.problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", "a release is a number from 1"))
		return
	}
	kept, err := a.ledger.Account(r.Context(), site, number)
	if errors.Is(err, ledger.ErrNotFound) {
		err = problem.New(http.StatusNotFound, "not_found", "release #"+strconv.FormatInt(number, 10)+" of "+site+" has no account of addresses")
	}
	if err == nil {
		err = stream.Account(w, r, a.log, accountName(site, number), kept)
	}
	if err != nil {
		a.problems.Write(w, r, err)
	}
}

// accountName is the file name of an account.
func accountName(site string, number int64) string {
	return site + "-" + strconv.FormatInt(number, 10) + "-addresses.jsonl"
}
