package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/ragcorp/ragcorp/core/fault"
)

// The reasons that errors of providers carry.
const (
	ReasonAuth        = "provider_auth"        // the provider doesn't accept the operator's key; trying again is useless
	ReasonBusy        = "provider_busy"        // the provider, or a limit of our own, wants fewer requests
	ReasonError       = "provider_error"       // the provider failed
	ReasonUnreachable = "provider_unreachable" // the network failed
	ReasonProtocol    = "provider_protocol"    // what came is no answer, or only a part of one
	ReasonTimeout     = "provider_timeout"     // nothing came for too long
	ReasonDown        = "provider_down"        // it failed so often that nobody asks it for a while
	ReasonBlocked     = "blocked"              // the provider's policy forbids to answer this
)

// What users read; what happened is for operators.
const (
	Unavailable = "the model can't be reached at the moment; try again later"
	Busy        = "the model has too much to do at the moment; try again later"
	blocked     = "the model declines to answer this; ask in other words"
)

// Refusal is what a provider says about a request that it did not answer, as far as it can be read.
type Refusal struct {
	Text       string        // the provider's words, for operators
	Auth       bool          // the key is wrong, whatever the status says
	RetryAfter time.Duration // when to try again; 0 when not known
}

// Refused is the error for an answer with a status other than success. A wrong key is the operator's fault, not the
// caller's: fault.Unavailable with ReasonAuth, without the provider's words, which may repeat parts of the key. 429 is
// fault.Busy; 408, 425 and 5xx are fault.Unavailable. Any other status means that the request was wrong, which neither the
// caller nor another try can help: an error without a kind.
func (c *Client) Refused(status int, r Refusal) error {
	if r.Auth || status == http.StatusUnauthorized || status == http.StatusForbidden {
		cause := fmt.Errorf("%s answered %d: it does not accept the key", c.server.Name, status)
		return fault.Unavailable.Wrap(cause, Unavailable).Because(ReasonAuth)
	}
	cause := fmt.Errorf("%s answered %d", c.server.Name, status)
	if said := c.quote(r.Text); said != "" {
		cause = fmt.Errorf("%w: %s", cause, said)
	}
	switch {
	case status == http.StatusTooManyRequests:
		return fault.Busy.Wrap(cause, Busy).Because(ReasonBusy).After(r.RetryAfter)
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return fault.Unavailable.Wrap(cause, Unavailable).Because(ReasonError).After(r.RetryAfter)
	}
	return cause
}

// Broken is the error for an answer that breaks the protocol: fault.Unavailable, since the next may be whole.
func (c *Client) Broken(format string, args ...any) error {
	said := c.quote(fmt.Sprintf(format, args...))
	return fault.Unavailable.Wrap(fmt.Errorf("ask %s: %s", c.server.Name, said), Unavailable).Because(ReasonProtocol)
}

// Blocked is the error for a question that the provider's policy forbids to answer: fault.Invalid with ReasonBlocked. The
// rule is the provider's code for what the policy has against it.
func (c *Client) Blocked(rule string) error {
	cause := fmt.Errorf("%s blocked the question: %s", c.server.Name, c.quote(rule))
	return fault.Invalid.Wrap(cause, blocked).Because(ReasonBlocked)
}

// lost is the error for a connection that failed. The chain ends here: errors of the network may name addresses with
// secrets, and look like the end of the caller's context when it was something else that took too long.
func (c *Client) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask %s: %w", c.server.Name, ctx.Err())
	}
	if errors.Is(err, errTooLong) {
		return c.Broken("%v", err)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	said := c.quote(err.Error())
	return fault.Unavailable.Wrap(fmt.Errorf("ask %s: %s", c.server.Name, said), Unavailable).Because(ReasonUnreachable)
}

// quoted is how much of the words of others an error repeats, in characters.
const quoted = 200

// quote makes the words of others fit for an error: one short line without secrets.
func (c *Client) quote(s string) string {
	s = strings.Join(strings.FieldsFunc(c.secrets.Replace(s), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if runes := []rune(s); len(runes) > quoted {
		return string(runes[:quoted]) + "…"
	}
	return s
}

// retryAfter reads the header of that name: seconds or a date. It is 0 when there is none, or none that makes sense.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseFloat(header, 64); err == nil {
		return Seconds(seconds)
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// maxRetryAfter is the longest that a provider is believed when it says how long to wait.
const maxRetryAfter = 24 * time.Hour

// Seconds is a duration that a provider gave as a number of seconds, at least 0 and at most a day.
func Seconds(n float64) time.Duration {
	if !(n > 0) { // also what is no number
		return 0
	}
	return time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
}
