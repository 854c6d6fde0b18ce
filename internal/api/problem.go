package api

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is an error of the API: application/problem+json as of RFC 9457,
// with a code for programs and the place of each violation.
type Problem struct {
	Type   string `json:"type,omitempty"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Code names the refusal: see release.Code, and "unauthorized",
	// "forbidden", "not_found", "invalid", "unavailable".
	Code   string      `json:"code,omitempty"`
	Errors []Violation `json:"errors,omitempty"`
}

// Violation names a field that is invalid.
type Violation struct {
	Location string `json:"location,omitempty"`
	Message  string `json:"message"`
	Value    any    `json:"value,omitempty"`
}

func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Title)
	if p.Detail != "" {
		b.Reset()
		b.WriteString(p.Detail)
	}
	for _, v := range p.Errors {
		fmt.Fprintf(&b, "; %s: %s", v.Location, v.Message)
	}
	return b.String()
}

// GetStatus is the HTTP status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// CodeOf is the code of the Problem in an error's chain, or "".
func CodeOf(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return ""
}
