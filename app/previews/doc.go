// Package previews stores the states of the previews of pull requests and branches, as
// documents in the ledger. internal/preview/pull has their rules, app/github carries them
// out, and the API and the pages change and show them.
package previews
