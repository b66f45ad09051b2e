package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// problem is how the server tells what is wrong.
type problem struct {
	Status int
	Code   string
	Detail string
}

func (p *problem) Error() string {
	return fmt.Sprintf("the server says: %s (%d %s)", p.Detail, p.Status, p.Code)
}

// request is a request that can be sent more than once.
type request struct {
	method string
	path   string
	kind   string
	body   func() io.ReadCloser
}

func bytesBody(b []byte) func() io.ReadCloser {
	return func() io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
}

func (s *serverSink) get(ctx context.Context, path string, into any) error {
	return s.do(ctx, request{method: http.MethodGet, path: path}, into)
}

// tries is how often a request is sent to a server that is busy or away. Nothing that is sent does harm when it arrives twice.
const tries = 8

func (s *serverSink) do(ctx context.Context, r request, into any) error {
	for n := range tries {
		wait, err := s.once(ctx, r, into)
		if err == nil || wait < 0 || n == tries-1 {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(max(wait, time.Second<<min(n, 5)/2)):
		}
	}
	return nil
}

// once sends a request. With an error comes how long to wait before the next try; negative when none helps.
func (s *serverSink) once(ctx context.Context, r request, into any) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, s.base+r.path, nil)
	if err != nil {
		return -1, err
	}
	if r.body != nil {
		req.Body = r.body()
		req.Header.Set("Content-Type", r.kind)
	}
	req.Header.Set("X-API-Key", s.key)
	res, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("the server can't be reached: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	switch {
	case err != nil:
		return 0, fmt.Errorf("read the answer of the server: %w", err)
	case res.StatusCode >= 300:
		return retryAfter(res), problemOf(res.StatusCode, raw)
	case into == nil:
		return -1, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return -1, fmt.Errorf("the answer of the server makes no sense: %w", err)
	}
	return -1, nil
}

func problemOf(status int, raw []byte) error {
	p := &problem{}
	if json.Unmarshal(raw, p) != nil || p.Detail == "" {
		p = &problem{Detail: http.StatusText(status)}
	}
	p.Status = status
	return p
}

// retryAfter is how long to wait before the next try; negative when none helps.
func retryAfter(res *http.Response) time.Duration {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return time.Duration(max(seconds, 0)) * time.Second
	}
	return -1
}
