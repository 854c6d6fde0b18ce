package words

import "testing"

func TestSentencesAreKnownAgain(t *testing.T) {
	es, _ := Named("es")
	known := SentencesOf("%s asked for its end.", "rolled back to #%d by %s", "%d releases in a row did not succeed; the last: %s", "none of the files has it: %s")
	for english, want := range map[string]string{
		"Ada asked for its end.":                                    "Ada pidió su retirada.",
		"rolled back to #7 by Ada":                                  es.Say("rolled back to #%d by %s", 7, "Ada"),
		"none of the files has it: (x":                              "none of the files has it: (x",
		"3 releases in a row did not succeed; the last: two\nlines": es.Say("%d releases in a row did not succeed; the last: %s", 3, "two\nlines"),
	} {
		if got, is := known.Again(es, english); got != want || !is {
			t.Errorf("%q is said as %q, %t; want %q", english, got, is, want)
		}
		if got, is := known.Again(English(), english); got != english || !is {
			t.Errorf("in English, %q is said as %q, %t", english, got, is)
		}
	}
	for _, other := range []string{"", "Ada asked for its end", "rolled back to #x by Ada", "the disk is full"} {
		if got, is := known.Again(es, other); is {
			t.Errorf("%q is known as %q", other, got)
		}
	}
}
