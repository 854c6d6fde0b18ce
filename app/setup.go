package app

// setup is the one-click set-up of the GitHub App.
type setup struct{}

func (*setup) begin(*App) {}
