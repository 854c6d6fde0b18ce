// Package words has what people read on the pages, on badges and in notices, in the
// languages that Pressrun speaks. It knows no site and no release: the caller passes the
// English sentence and its arguments, and gets the sentence in the reader's language.
//
//	l.Say("Release #%d is being cancelled by %s.", number, name)
//
// The English sentence is the key: the code stays readable, and a sentence without a
// translation is shown in English. Each other language is one file beside this one,
// es.yaml, whose head says how to write it. A new language is a new file; nothing else
// names it.
//
// How new words are added:
//
//   - in Go: l.Say("An English sentence with %s.", name), always with the sentence
//     itself between the brackets; in a table that is made before a language is known,
//     words.Key("A sentence"), said later by l.Say(string(key));
//   - in a template: plain English text; each text between tags, and each aria-label,
//     title, alt, placeholder, data-label, data-announce and data-say-… is translated
//     when the template is loaded ([Translate]). A sentence with something in it is
//     {{say "Release #%d is over." .Number}}, so that another language may order it
//     otherwise;
//   - then `go test ./internal/words` names what each language lacks, what it has too
//     much and where placeholders differ.
//
// A number that decides between singular and plural is an int; the entry then has the
// forms that the language needs (https://cldr.unicode.org/index/cldr-spec/plural-rules),
// in English in en.yaml. What editors, CMSs, builds and destinations said is never
// translated; neither are the API, the command line and logs.
package words
