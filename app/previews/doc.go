// Package previews keeps what is known of the previews of pull requests and branches, as
// documents in the ledger. Package pull of internal/preview decides about them, app/github
// carries out, and the API and the pages ask and show.
package previews
