package provider

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
)

// Stream posts in as JSON to a path under the base and gives the data of every server-sent event of the answer as it comes.
// The sequence ends after the first error, with errors as in Ask; breaking out of it, or the end of ctx, ends the call. The
// data is valid until the next step.
//
// A connection that breaks is an error. One that is closed in good order is none, whether or not the answer was complete:
// that is for the caller to find out.
func (c *Client) Stream(ctx context.Context, path string, in any) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		resp, err := c.post(ctx, path, in, "text/event-stream")
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = resp.Body.Close() }() // which is what tells the provider to stop
		for data, err := range events(&limited{r: resp.Body, left: c.max}) {
			if ctx.Err() != nil {
				err = ctx.Err() // rather than what was still in a buffer
			}
			if err != nil {
				yield(nil, c.lost(ctx, err))
				return
			}
			if !yield(data, nil) {
				return
			}
		}
	}
}

// maxLine is how long one line of a stream may be, in bytes: a piece of an answer has some hundred.
const maxLine = 1 << 20

// events reads server-sent events and gives the data of each that has some; nothing else of them matters here. Lines end with
// LF or CRLF. An event that the end of the stream cuts off is given as far as it came.
func events(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewReader(r)
		var data []byte
		pending := false
		for {
			line, err := readLine(lines)
			if err != nil && !errors.Is(err, io.EOF) {
				yield(nil, err)
				return
			}
			if value, ok := dataOf(line); ok {
				if pending {
					data = append(data, '\n')
				}
				data, pending = append(data, value...), true
			}
			if len(data) > maxLine {
				yield(nil, errTooLong)
				return
			}
			if pending && (len(line) == 0 || err != nil) {
				if !yield(data, nil) {
					return
				}
				data, pending = data[:0], false
			}
			if err != nil {
				return
			}
		}
	}
}

// dataOf returns the value of a line of data.
func dataOf(line []byte) ([]byte, bool) {
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	value, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok {
		return nil, string(line) == "data"
	}
	return bytes.TrimPrefix(value, []byte(" ")), true
}

// readLine returns the next line without its end, and io.EOF with the last one.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxLine {
			return nil, errTooLong
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		return bytes.TrimSuffix(line, []byte("\r")), err
	}
}
