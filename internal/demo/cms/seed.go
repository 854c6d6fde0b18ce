package cms

import (
	"time"

	"github.com/pressrun/pressrun/internal/demo/content"
)

// SeedSite names the public site of the seed content.
func SeedSite() content.Site {
	return content.Site{Name: "Fernhaven Library", Tagline: "Books, tools and a warm place to sit, for everyone in Fernhaven."}
}

// Seed is the first content of a new CMS: the pages of a made-up city library,
// seven published and one draft.
func Seed() []content.Article {
	articles := []content.Article{
		openingHours, libraryCard, borrowing, studyRooms, mobileLibrary, storyTime, toolLibrary, winterReading,
	}
	first := time.Date(2026, time.January, 12, 9, 30, 0, 0, time.UTC)
	for i := range articles {
		articles[i].UpdatedAt = first.Add(time.Duration(i) * 53 * time.Hour)
	}
	return articles
}

var openingHours = content.Article{
	Slug: "opening-hours", Title: "Opening hours and holidays", Author: "Maya Okafor", Status: content.Published,
	Summary: "When the Main Library and our three branches are open, and the days we close.",
	Body: `The Main Library on Market Square is open every day but Sunday. The reading room on the ground floor opens an hour before everything else, with newspapers, tea and heating.

## Main Library
- Monday to Friday: 9 am to 8 pm
- Saturday: 10 am to 5 pm
- Sunday: closed, but the return slot is always open

## Branches
- Harbour Street: Tuesday to Saturday, 10 am to 6 pm
- Elm Park: Monday, Wednesday and Friday, 1 pm to 7 pm
- Northgate: Tuesday and Thursday, 10 am to 6 pm

We close on public holidays and on the first Monday of July, when we count the books. Nothing falls due on a day when we are closed.`,
}

var libraryCard = content.Article{
	Slug: "get-a-library-card", Title: "Get a library card", Author: "Jonas Lind", Status: content.Published,
	Summary: "A card is free for everyone who lives, works or studies in Fernhaven. It takes five minutes.",
	Body: `Come to any branch with something that shows your name, and something that shows your address: a letter will do. We make the card while you wait, and you can take books home the same day.

## Who can have one
- Everyone who lives, works or goes to school in Fernhaven
- Children of any age, with a grown-up's signature
- People without a fixed address: ask at the desk, we will find a way

Lost your card? Call us on the same day so that nobody else can use it. The first new card is free.

See [what you can borrow](/articles/borrow-renew-return/) and for how long.`,
}

var borrowing = content.Article{
	Slug: "borrow-renew-return", Title: "Borrowing, renewing and returning", Author: "Jonas Lind", Status: content.Published,
	Summary: "How long you can keep things, how to renew them, and why we no longer charge late fees.",
	Body: `You can have thirty things at home at a time: books, films, games, sheet music.

## How long
- Books and sheet music: four weeks
- Films and games: one week
- New novels with a red dot: two weeks, no renewal

We renew everything by itself up to three times, unless somebody is waiting for it. You get a message two days before a thing is due.

## No late fees
Since last spring we charge nothing for things that come back late. More books have come back since, not fewer. If something is lost, talk to us before you pay: it often turns up.`,
}

var studyRooms = content.Article{
	Slug: "study-rooms", Title: "Book a study room", Author: "Priya Raman", Status: content.Published,
	Summary: "Six quiet rooms for one to eight people, free for two hours a day with a library card.",
	Body: `The study rooms are on the second floor of the Main Library. Each has a table, a screen, good light and a door that shuts.

- Rooms 1 to 4: up to four people
- Room 5: up to eight people, with a whiteboard
- Room 6: one person, with a height-adjustable desk and an induction loop

Book at the desk or by [e-mail](mailto:rooms@library.fernhaven.example), at most two weeks ahead. If you are fifteen minutes late, the room goes to whoever is waiting.`,
}

var mobileLibrary = content.Article{
	Slug: "mobile-library", Title: "Where the mobile library stops", Author: "Maya Okafor", Status: content.Published,
	Summary: "The green van brings two thousand books to nine stops, every other week.",
	Body: `Look out for the green van. It carries two thousand books, half of them for children, and it brings whatever you have reserved. It has a lift for wheelchairs and prams.

## Even weeks
- Monday: Saltmarsh school, 1 pm to 3 pm
- Wednesday: Quarry Lane shops, 10 am to noon
- Friday: Upper Fern village hall, 2 pm to 4 pm

## Odd weeks
- Tuesday: Lakeside care home, 10 am to noon
- Thursday: Millbrook green, 3 pm to 5 pm

In snow the van stays in its garage. We put a note on this page by 8 am.`,
}

var storyTime = content.Article{
	Slug: "story-time", Title: "Story time for under-fives", Author: "Priya Raman", Status: content.Published,
	Summary: "Half an hour of stories, songs and a little chaos, four mornings a week. No booking.",
	Body: `Bring a small person and sit on the big rug. We read two stories, sing three songs and finish with bubbles.

- Tuesday, 10 am: Main Library
- Wednesday, 10 am: Elm Park, in English and Polish
- Thursday, 10 am: Harbour Street, with signing
- Saturday, 11 am: Main Library, for families where grown-ups work on weekdays

Prams can stay by the lift. There is a changing table beside the rug, and a kettle.`,
}

var toolLibrary = content.Article{
	Slug: "tool-library", Title: "Borrow a drill: the tool library is open", Author: "Jonas Lind", Status: content.Published,
	Summary: "Two hundred tools to borrow with your library card, from a cordless drill to an apple press.",
	Body: `Most drills are used for thirteen minutes in their life. Ours are used a little longer: the tool library at Harbour Street lends two hundred tools, for a week at a time, for nothing.

## Most wanted
- Cordless drill with a box of bits
- Wallpaper steamer
- Sewing machine, with an hour's lesson
- Apple press (September and October: by lot)

Every tool is tested when it comes back. If one breaks in your hands, tell us: that is what the repair evening is for, on the last Thursday of the month.`,
}

var winterReading = content.Article{
	Slug: "winter-reading", Title: "Winter reading: ten books, one paper lantern", Author: "Maya Okafor", Status: content.Draft,
	Summary: "Read ten books before the lantern walk and light one of your own.",
	Body: `From the first of December, every child who borrows a book gets a card with ten windows. Colour one in for each book read, listened to or looked at.

Ten windows make a lantern. We light them all together at the lantern walk from Elm Park to Market Square.

Grown-ups may take part too. Nobody checks.`,
}
