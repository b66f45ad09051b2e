// Package fault gives every error that a caller can act on a kind.
//
// Act on the kind with errors.Is(err, fault.NotFound), never on the text. The text of a kinded error is written for
// the person who called; an error without a kind is internal: its text is for operators and must not reach a user.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller can do about an error. A Kind is itself an error, so it works as a target of errors.Is.
type Kind string

// The kinds. An error without one is internal.
const (
	Invalid         Kind = "invalid"         // the input breaks a rule; sending it again won't help
	Unauthenticated Kind = "unauthenticated" // nobody, or nobody known, is asking
	Denied          Kind = "denied"          // the caller is known and may not
	NotFound        Kind = "not_found"       // there is no such thing, or none that the caller may know of
	Conflict        Kind = "conflict"        // the state of the thing forbids it
	TooLarge        Kind = "too_large"       // a limit on size is passed
	Unsupported     Kind = "unsupported"     // a type of content that is not handled
	Busy            Kind = "busy"            // too many requests; try again later
	Unavailable     Kind = "unavailable"     // something that is needed does not answer; try again later
)

// ReasonDatabase is the reason of an error, Unavailable or Busy, that the database is the cause of.
const ReasonDatabase = "database"

// Error makes a Kind usable as the target of errors.Is.
func (k Kind) Error() string { return string(k) }

// Errorf makes an error of the kind whose text is for the caller. The verb %w works as in fmt.Errorf.
func (k Kind) Errorf(format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Text: err.Error(), cause: errors.Unwrap(err)}
}

// Wrap makes an error of the kind that hides its cause from the caller: text is for the caller, cause for operators.
func (k Kind) Wrap(cause error, text string) *Error {
	return &Error{Kind: k, Text: text, cause: cause}
}

// Field makes an Invalid error about one field of the input. The rule is a sentence fragment such as "must not be
// blank"; it never repeats the value.
func Field(name, rule string) *Error {
	return &Error{Kind: Invalid, Text: name + " " + rule, Fields: []FieldError{{Field: name, Rule: rule}}}
}

// FieldError names one field of the input and the rule that it broke, never its value.
type FieldError struct {
	Field string
	Rule  string
}

// Error is an error with a kind.
type Error struct {
	Kind       Kind
	Text       string        // for the caller
	Reason     string        // stable code that is finer than the kind, such as "encrypted"; empty when there is none
	Fields     []FieldError  // what is wrong with the input, when Kind is Invalid
	RetryAfter time.Duration // when to try again, when Kind is Busy or Unavailable; 0 when not known

	cause error
}

// Because sets the reason code and returns e.
func (e *Error) Because(reason string) *Error {
	e.Reason = reason
	return e
}

// After sets when it makes sense to try again and returns e.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// Error returns the text for the caller, and the cause where there is one.
func (e *Error) Error() string {
	if e.cause != nil && e.cause.Error() != e.Text {
		return e.Text + ": " + e.cause.Error()
	}
	return e.Text
}

// Is reports whether target is the error's kind.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind) //nolint:errorlint // errors.Is hands over one link of the chain at a time
	return ok && k == e.Kind
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Of returns the outermost kinded error in err's chain, or nil when err is internal.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var k Kind
	if errors.As(err, &k) {
		return &Error{Kind: k, Text: string(k), cause: err}
	}
	return nil
}

// Permanent reports whether trying the same again is useless: the input or the state is wrong, not the weather.
func Permanent(err error) bool {
	e := Of(err)
	if e == nil {
		return false
	}
	return e.Kind != Busy && e.Kind != Unavailable
}
