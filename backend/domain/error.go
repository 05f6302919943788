package domain

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Error is the only form in which a failure reaches a person, in the window and in vmo.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"` // one sentence in plain words, no final stop needed
	Hint    string `json:"hint"`    // the next step; "" where there is none
	Field   string `json:"field"`   // the form field at fault, in its JSON name; "" where none is
	Details string `json:"details"` // what can be copied into a report; never a secret
	cause   error
}

// Error gives code and message; the hint is for the screen.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// NewError makes an Error with a formatted message. A %w among the arguments becomes the cause.
func NewError(code Code, hint, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: wrapped.Error(), Hint: hint, cause: errors.Unwrap(wrapped)}
}

// FieldError is an invalid value in a form: field is the JSON name of the value at fault.
func FieldError(field, format string, args ...any) *Error {
	e := NewError(CodeInvalid, "", format, args...)
	e.Field = field
	return e
}

// WithDetails returns e with details set. They may hold a machine's words and are pasted into terminals: control
// characters but for tab and newline become U+FFFD.
func (e *Error) WithDetails(format string, args ...any) *Error {
	e.Details = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, fmt.Sprintf(format, args...))
	return e
}

// WithCause returns e with err as its cause.
func (e *Error) WithCause(err error) *Error {
	e.cause = err
	return e
}

// AsError gives err as an *Error: itself if it is or wraps one, else an internal error around it. nil stays nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return &Error{
		Code:    CodeInternal,
		Message: err.Error(),
		Hint:    "Try again; if it happens once more, copy the details into a report.",
		Details: fmt.Sprintf("%T: %v", err, err),
		cause:   err,
	}
}

// CodeOf is the code of err, or "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return AsError(err).Code
}
