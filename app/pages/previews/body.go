package previews

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/text"
)

const (
	// usualDays is the initial value in the form.
	usualDays = "14"
	// shortCommit is the number of digits of a commit that people see.
	shortCommit = 7
	// mostTyped bounds a field that is shown again, in characters.
	mostTyped = 300
)

// body is the page of the list.
type body struct {
	Site string
	Rows []row
	Form form
}

// row is a preview.
type row struct {
	Name, Address, Of, Commit string
	State, Class, Why         string
	Content, By, RunURL       string
	Until                     *when.Moment
	// Removable says that it can be removed, Extendable that it can be kept longer.
	Removable, Extendable bool
}

// form has the fields of the form; Wrong are the errors by the names of fields.
type form struct {
	Ref, Name, Days, Content string
	Contents                 []frame.Choice
	Wrong                    map[string]string
}

// oneBody is the page of a preview.
type oneBody struct {
	Row  row
	Link string
	// Days is the field as typed, Wrong its error.
	Days, Wrong string
}

// question asks for the confirmation of an act.
type question struct {
	Action, Title, Text, Button string
	Back                        frame.Crumb
}

// formOf is the form as it was sent, or an empty one.
func formOf(v *frame.Visit, conf config.Site) form {
	typed := func(name string) string {
		return text.Shorten(strings.TrimSpace(strings.ToValidUTF8(v.R.PostForm.Get(name), "\uFFFD")), mostTyped)
	}
	f := form{Ref: typed("ref"), Name: typed("name"), Days: typed("days"), Content: typed("content"), Wrong: map[string]string{}}
	if conf.GitHub.Previews == nil {
		return f
	}
	chosen := cmp.Or(f.Content, conf.GitHub.Previews.Contents()[0])
	for _, one := range conf.GitHub.Previews.Contents() {
		f.Contents = append(f.Contents, frame.Choice{Value: one, Text: text.Capital(view.ContentWords(v.Reader.Language, preview.Content(one))), Chosen: one == chosen})
	}
	return f
}

func (f form) input() api.PreviewInput {
	in := api.PreviewInput{Ref: f.Ref, Name: f.Name, Content: f.Content}
	var err error
	if in.Days, err = strconv.Atoi(f.Days); err != nil || in.Days == 0 {
		in.Days = -1 // the command refuses it with a message
	}
	return in
}

// say puts the errors at their fields, in the reader's language.
func (f *form) say(v *frame.Visit, p *api.Problem) {
	for _, one := range p.Errors {
		f.Wrong[strings.TrimPrefix(one.Location, "body.")] = text.Sentence(command.FieldWords(v.Reader.Language, one))
	}
}
