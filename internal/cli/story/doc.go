// Package story tells the whole story of one request in the order in which it
// happened: who asked and how, what it waited for, which tries failed and whose fault
// that was, when it was live; or what it waits for now, and what to do.
package story
