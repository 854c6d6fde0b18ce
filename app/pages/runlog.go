package pages

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/runlog"
	"github.com/pressrun/pressrun/internal/ansi"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

const (
	// logEvery is how often, in seconds, the page fetches the output of a run under way.
	logEvery = 3
	// beforeError is how many lines before an error are shown with it.
	beforeError = 10
	// maxLogWords bounds the words of a search, in bytes.
	maxLogWords = 200
)

// logBody is a part of the output of a run.
type logBody struct {
	Title, Outcome, Class string
	Summary, Empty        string
	Base, Words           string
	Ways                  []frame.Crumb
	Lines                 []logRow
	Later                 string
	// Follow has the end of the output kept in sight.
	Follow bool
}

// logRow is a line. Link leads to the line among its neighbours.
type logRow struct {
	runlog.Line
	Link string
}

// showLog is the output of a release's run as a page.
func (p *releasePages) showLog(v *frame.Visit) {
	name, number, out, ok := p.openLog(v)
	if !ok {
		return
	}
	defer out.Close()
	query, err := logQueryOf(v)
	if err != nil {
		p.Trouble(v, err)
		return
	}
	found, err := p.view.Release(v.R.Context(), name, number)
	if err != nil {
		p.Trouble(v, err)
		return
	}
	log, err := runlog.Read(out, query)
	if err != nil {
		p.Trouble(v, err)
		return
	}
	body := logBodyOf(found.Release, log, query)
	one := frame.LivePage(name, found.Of.Instant, found.Of.Clock())
	one.Title, one.Body = body.Title+" · "+found.Of.Title, body
	one.Crumbs = []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: found.Of.Title, Link: frame.SiteLink(name)}, {Text: releaseText(v.Reader.Language, number), Link: frame.ReleaseLink(name, number)}}
	if found.Outcome == "" {
		one.Busy, one.Every = true, logEvery
	}
	p.Write(v, http.StatusOK, "log", one)
}

func logQueryOf(v *frame.Visit) (runlog.Query, error) {
	in := v.R.URL.Query()
	q := runlog.Query{Words: strings.TrimSpace(in.Get("q"))}
	if len(q.Words) > maxLogWords {
		return q, v.Problem(http.StatusUnprocessableEntity, "invalid", "A search in an output has %s bytes at most.", text.Number(maxLogWords))
	}
	if from := in.Get("from"); from != "" {
		var err error
		if q.From, err = strconv.ParseInt(from, 10, 64); err != nil || q.From < 1 {
			return q, v.Problem(http.StatusUnprocessableEntity, "invalid", "“from” is the number of a line, from 1.")
		}
	}
	return q, nil
}

func logBodyOf(r view.Release, log runlog.Log, q runlog.Query) logBody {
	base, l := frame.ReleaseLink(r.Site, r.Number)+"/log", r.Language
	b := logBody{
		Title: l.Say("Output of release #%d", r.Number), Outcome: r.OutcomeWords(), Class: r.OutcomeClass(),
		Base: base, Words: q.Words, Follow: q == runlog.Query{} && r.Outcome == "",
	}
	for _, line := range log.Shown() {
		b.Lines = append(b.Lines, logRow{Line: line, Link: lineLink(base, line.Number, q.Words != "")})
	}
	b.Summary, b.Empty = logSummary(l, log, q), l.Say("There is nothing here.")
	if log.FirstError > 0 {
		b.Ways = append(b.Ways, frame.Crumb{Text: l.Say("First error, line %s", text.Number(log.FirstError)), Link: lineLink(base, log.FirstError, true)})
	}
	b.Ways = append(b.Ways, frame.Crumb{Text: l.Say("End"), Link: base}, frame.Crumb{Text: l.Say("Beginning"), Link: base + "?from=1"}, frame.Crumb{Text: l.Say("All as text"), Link: base + ".txt"})
	if q.Words != "" || len(b.Lines) == 0 {
		return b
	}
	if first := b.Lines[0].Number; first > 1 {
		b.Ways = append(b.Ways, frame.Crumb{Text: l.Say("Earlier lines"), Link: base + "?from=" + strconv.FormatInt(max(1, first-runlog.Lines), 10)})
	}
	if last := b.Lines[len(b.Lines)-1].Number; last < log.Total {
		b.Later = base + "?from=" + strconv.FormatInt(last+1, 10)
	}
	return b
}

// lineLink leads to a line: on this page, or on one that has it with its neighbours.
func lineLink(base string, number int64, elsewhere bool) string {
	mark := "#L" + strconv.FormatInt(number, 10)
	if !elsewhere {
		return mark
	}
	return base + "?from=" + strconv.FormatInt(max(1, number-beforeError), 10) + mark
}

func logSummary(l words.Language, log runlog.Log, q runlog.Query) string {
	shown, total := log.Shown(), text.Number(log.Total)
	said := l.Say("Lines: %s.", total)
	switch {
	case q.Words != "" && log.Hits > int64(len(shown)):
		said = l.Say("“%s” is in %s of %s lines; the first are shown.", q.Words, text.Number(log.Hits), total)
	case q.Words != "":
		said = l.Say("“%s” is in %s of %s lines.", q.Words, text.Number(log.Hits), total)
	case len(shown) > 0 && int64(len(shown)) < log.Total:
		said = l.Say("Lines %s to %s of %s.", text.Number(shown[0].Number), text.Number(shown[len(shown)-1].Number), total)
	}
	if log.Partial {
		said += " " + l.Say("The output is longer than what is looked through here: its text has all.")
	}
	return said
}

// rawLog is the output of a release's run as text. Characters that could deceive a reader, or
// a terminal into which the text is copied, are shown by their names.
func (p *releasePages) rawLog(v *frame.Visit) {
	_, _, out, ok := p.openLog(v)
	if !ok {
		return
	}
	defer out.Close()
	v.W.Header().Set("Cache-Control", "no-store")
	stream.Text(v.W, v.R, p.Log, &visibleLines{in: bufio.NewReaderSize(out, 32<<10)})
}

// visibleLines reads an output line by line, with all its characters made visible.
type visibleLines struct {
	in   *bufio.Reader
	rest string
	err  error
}

// Read implements io.Reader.
func (l *visibleLines) Read(into []byte) (int, error) {
	for l.rest == "" {
		if l.err != nil {
			return 0, l.err
		}
		var piece []byte
		piece, l.err = l.in.ReadSlice('\n')
		if errors.Is(l.err, bufio.ErrBufferFull) { // a long line goes on in the next piece
			l.err = nil
		}
		l.rest = ansi.Visible(string(piece))
	}
	n := copy(into, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// openLog opens the output that the address names, or shows an error.
func (p *releasePages) openLog(v *frame.Visit) (name string, number int64, out io.ReadCloser, ok bool) {
	if name, _, ok = p.SeenSite(v); !ok {
		return "", 0, nil, false
	}
	if number, ok = p.SeenRelease(v); !ok {
		return "", 0, nil, false
	}
	out, err := p.logs.Open(v.R.Context(), name, number)
	if errors.Is(err, fs.ErrNotExist) {
		err = v.Problem(http.StatusNotFound, "not_found", "Release #%d has no output here: it has not begun, or its output is no longer kept.", number)
	}
	if err != nil {
		p.Trouble(v, err)
		return "", 0, nil, false
	}
	return name, number, out, true
}
