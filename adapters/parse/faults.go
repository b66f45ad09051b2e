package parse

import (
	"errors"
	"time"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

var errClosed = errors.New("parser is closed")

// corrupt says that a file isn't what its type says; cause is for operators and may be nil.
func corrupt(what string, cause error) error {
	text := "the file is damaged or is not " + what + "; open it, save it again and upload the new file"
	return fault.Invalid.Wrap(cause, text).Because(document.ReasonCorrupt)
}

func encrypted() error {
	return fault.Invalid.Errorf("the file is protected with a password; remove the password and upload it again").
		Because(document.ReasonEncrypted)
}

func noText(scans bool) error {
	text := "the file contains no text; check that it is the right file"
	if scans {
		text = "the file contains no text, only images such as scans; run text recognition (OCR) on it and upload the result"
	}
	return fault.Invalid.Wrap(nil, text).Because(document.ReasonNoText)
}

func tooManyPages(pages, limit int) error {
	return fault.TooLarge.Errorf("the file has %d pages and the limit is %d; split it into smaller files", pages, limit).
		Because(document.ReasonTooManyPages)
}

// tooLarge names what is too large: "the file", "the text of the file".
func tooLarge(what string, limit int64) error {
	return fault.TooLarge.Errorf("%s is larger than the limit of %d MiB; split it into smaller files", what, limit>>20).
		Because(document.ReasonTooLarge)
}

func timedOut(limit time.Duration) error {
	return fault.Invalid.Errorf("reading the file took longer than %v; simplify it or split it into smaller files", limit).
		Because(document.ReasonTimeout)
}

func outOfMemory(cause error) error {
	text := "reading the file took more memory than allowed; simplify it or split it into smaller files"
	return fault.TooLarge.Wrap(cause, text).Because(document.ReasonMemory)
}

func crashed(cause error) error {
	text := "the reader broke on this file; save it again with another program and upload the new file"
	return fault.Invalid.Wrap(cause, text).Because(document.ReasonCrashed)
}

// broken reports whether err leaves the process that raised it in doubt.
func broken(err error) bool {
	e := fault.Of(err)
	return e == nil || e.Reason == document.ReasonCrashed || e.Reason == document.ReasonMemory
}
