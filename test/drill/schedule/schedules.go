package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
)

// zones have half hours, clocks that are set in spring and autumn, and none.
var zones = []string{"America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "Pacific/Honolulu"}

var crons = []string{"30 15 * * *", "55 * * * *", "*/20 * * * *", "0 2 * * *", "30 2 * * Sun", "0 9 1,15 * *", "15 8-20 * * Mon-Fri", "@daily"}

var windows = []string{"Mon-Fri 08:00-20:00", "22:00-06:00", "Sat,Sun 10:00-24:00", "01:00-03:30"}

// randomSchedule is a schedule that fires now and then after an instant.
func randomSchedule(r *rand.Rand, name string, now time.Time) (calendar.Schedule, error) {
	zone, err := time.LoadLocation(pick(r, zones))
	if err != nil {
		return calendar.Schedule{}, fmt.Errorf("load a time zone: %w", err)
	}
	s := calendar.Schedule{Name: name, Zone: zone, Skip: r.IntN(3) == 0}
	if r.IntN(10) == 0 {
		s.Once = now.Add(time.Duration(r.IntN(72*60)) * time.Minute)
		return s, nil
	}
	if r.IntN(2) == 0 {
		cron, err := calendar.ParseCron(pick(r, crons))
		if err != nil {
			return s, err
		}
		s.Cron = &cron
	} else {
		s.Every = time.Duration(5+r.IntN(300)) * time.Minute
	}
	if r.IntN(3) == 0 {
		window, err := calendar.ParseWindow(pick(r, windows))
		if err != nil {
			return s, err
		}
		s.Windows = []calendar.Window{window}
	}
	s.Rest.Federal = r.IntN(3) == 0
	if _, ok := s.Next(now); !ok { // such as a night's cron in the day's window
		s.Windows = nil
	}
	return s, nil
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }
