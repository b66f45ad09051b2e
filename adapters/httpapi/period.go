package httpapi

import (
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
)

// PeriodParams choose by time.
type PeriodParams struct {
	StartAt string `query:"start_at" maxLength:"50" example:"2026-03-01T00:00:00Z" doc:"Not before this time (RFC 3339); without a zone it is UTC."`
	EndAt   string `query:"end_at" maxLength:"50" example:"2026-03-31T23:59:59Z" doc:"Not after this time; as in start_at."`
}

// period reads both ends; an end that is not given is zero.
func (p PeriodParams) period() (start, end time.Time, err error) {
	if start, err = moment("start_at", p.StartAt); err != nil {
		return start, end, err
	}
	end, err = moment("end_at", p.EndAt)
	return start, end, err
}

// moment reads a time. Clients that leave the zone out mean UTC.
func moment(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fault.Field(field, "must be a time such as 2026-03-01T12:00:00Z")
}
