package calendar

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/words"
)

func TestCronIsSaidInWordsWhereItIsSimple(t *testing.T) {
	for cron, want := range map[string]string{
		"30 15 * * *":             "daily at 15:30",
		"@daily":                  "daily at 0:00",
		"0 9,17 * * mon-fri":      "Mon-Fri at 9:00 and 17:00",
		"0 9,13,17 * * 1-5":       "Mon-Fri at 9:00, 13:00 and 17:00",
		"0 * * * *":               "every hour at :00",
		"@hourly":                 "every hour at :00",
		"0,30 * * * *":            "every hour at :00 and :30",
		"*/15 * * * *":            "every 15 minutes",
		"5-59/15 * * * *":         "every hour at :05, :20, :35 and :50",
		"* * * * *":               "every minute",
		"*/5 * * * sat,sun":       "every 5 minutes, Sat and Sun",
		"0 */2 * * *":             "every 2 hours from 0:00",
		"15 1-23/3 * * *":         "every 3 hours from 1:15",
		"0 8-20 * * mon-fri":      "every hour from 8:00 to 20:00, Mon-Fri",
		"0 */6 * * *":             "daily at 0:00, 6:00, 12:00 and 18:00",
		"@weekly":                 "Sun at 0:00",
		"0 6 * * 7":               "Sun at 6:00",
		"0 6 * * 0-6":             "daily at 6:00",
		"0 6 1-31 * *":            "daily at 6:00",
		"0 6 * * mon,wed-fri":     "Mon and Wed-Fri at 6:00",
		"0 6 * * sun,mon":         "Mon and Sun at 6:00",
		"@monthly":                "on the 1st of each month at 0:00",
		"5 4 1,2,23 * *":          "on the 1st, 2nd and 23rd of each month at 4:05",
		"0 9 11 * *":              "on the 11th of each month at 9:00",
		"@yearly":                 "on 1 Jan each year at 0:00",
		"0 8 24 dec *":            "on 24 Dec each year at 8:00",
		"5 4 1 */2 *":             "by cron 5 4 1 */2 *",
		"0 0 13 * fri":            "by cron 0 0 13 * fri",
		"0 0 */2 * mon":           "by cron 0 0 */2 * mon",
		"0 9 * jan-mar mon":       "by cron 0 9 * jan-mar mon",
		"1-50/7 * * * *":          "by cron 1-50/7 * * * *",
		"0,30 8-20 * * *":         "by cron 0,30 8-20 * * *",
		"0 1,2,3,5,8,13,21 * * *": "by cron 0 1,2,3,5,8,13,21 * * *",
		"0 6 1-31 * mon":          "by cron 0 6 1-31 * mon", // either of both: every day
	} {
		if got := mustCron(t, cron).Words(words.Language{}); got != want {
			t.Errorf("%s: %q, want %q", cron, got, want)
		}
	}
}

// Expressions that are said alike fire alike: words never hide a difference.
func TestWordsTellApartWhatFiresApart(t *testing.T) {
	item := rapid.SampledFrom([]string{"*", "0", "30", "1", "2", "*/2", "1-5", "*/6", "0,12", "1,2", "3-5"})
	after := time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC)
	known := map[string]Cron{}
	rapid.Check(t, func(t *rapid.T) {
		var fields []string
		for range 5 {
			fields = append(fields, item.Draw(t, "field"))
		}
		c, err := ParseCron(strings.Join(fields, " "))
		if err != nil {
			t.Skip("no expression")
		}
		first, ok := known[c.Words(words.Language{})]
		if !ok {
			known[c.Words(words.Language{})] = c
			return
		}
		at, same := after, after
		for range 40 {
			at, _ = c.Next(at, time.UTC)
			same, _ = first.Next(same, time.UTC)
			if !at.Equal(same) {
				t.Fatalf("%s and %s are both %q: %v, %v", c, first, c.Words(words.Language{}), at, same)
			}
		}
	})
}
