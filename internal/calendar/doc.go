// Package calendar computes the times of schedules: cron expressions, intervals inside
// windows, dates, holidays. It is pure: results depend on the arguments alone, not on the
// machine's clock or time zone.
//
// A slot is one instant at which a schedule asks for a release. Slots are counted
// in the schedule's own time zone, so that "15:30" stays 15:30 on the editors'
// wall when daylight saving begins or ends:
//
//   - a wall time that the clock skips is moved to the end of the gap;
//   - a wall time that the clock shows twice happens the first time, unless the
//     schedule means every hour: then it happens both times;
//   - an interval counts real time from the start of its window.
package calendar
