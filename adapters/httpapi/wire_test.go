package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

// run runs the server until the test ends, and returns where.
func (w *world) run() string {
	w.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.api.Run(ctx) }()
	w.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.Errorf("run: %v", err)
		}
	})
	return w.api.Addr().String()
}

// listening is an option of a server that tests connect to.
func listening(o *httpapi.Options) { o.Addr, o.Patience = "127.0.0.1:0", 200*time.Millisecond }

// wire is a connection that says what it wants.
func (w *world) wire(addr string) net.Conn {
	w.Helper()
	c, err := new(net.Dialer).DialContext(w.Context(), "tcp", addr)
	w.must(err)
	w.Cleanup(func() { _ = c.Close() })
	return c
}

// last reads a response and waits until the server closes the connection.
func last(c io.Reader) (status int, body string, err error) {
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err == nil {
		_, _ = io.Copy(io.Discard, in) // ends when the server closes, however it does
	}
	return res.StatusCode, string(raw), err
}

func TestClientsThatDribbleAreCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, listening)
	addr := w.run()
	owner := w.as(w.owner).value
	const form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
	for name, c := range map[string]struct {
		method, path, headers, begin string
		status                       int
	}{
		"JSON":               {"POST", "/auth/login", "Content-Type: application/json\r\nContent-Length: 1000\r\n", `{"email":"`, 408},
		"JSON in chunks":     {"POST", "/auth/login", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", "", 408},
		"a file":             {"POST", w.path(w.mine, "/documents/upload"), "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000\r\n", form, 408},
		"the first of files": {"POST", w.path(w.mine, "/documents/batch"), "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000\r\n", form, 408},
		"to nowhere":         {"POST", "/nowhere", "Content-Length: 1000\r\n", "a", 404},
		"with a GET":         {"GET", "/auth/me", "Content-Length: 1000\r\n", "a", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := w.wire(addr)
			_, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n%s\r\n%s", c.method, c.path, owner, c.headers, c.begin)
			w.must(err)
			go func() {
				drop := "x"
				if strings.Contains(c.headers, "chunked") {
					drop = "1\r\n \r\n"
				}
				for err == nil {
					_, err = io.WriteString(conn, drop)
					time.Sleep(10 * time.Millisecond)
				}
			}()
			if status, body, err := last(conn); err != nil || status != c.status {
				t.Errorf("got %d, %v, want %d: %.300s", status, err, c.status, body)
			}
		})
	}
}

func TestClientsThatSendEverythingFirstAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.Addr = "127.0.0.1:0" })
	addr := w.run()
	owner := w.as(w.owner).value
	const form = "Content-Type: multipart/form-data; boundary=x\r\n"
	begin := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
	block := strings.Repeat("many words, too many ", 1<<20/21)
	for name, c := range map[string]struct {
		path, headers, begin string
		chunked              bool
		status               int
	}{
		"JSON":                  {"/auth/login", "Content-Type: application/json\r\n", `{"email":"`, false, 413},
		"JSON in chunks":        {"/auth/login", "Content-Type: application/json\r\n", `{"email":"`, true, 413},
		"a file":                {w.path(w.mine, "/documents/upload"), form, begin, false, 413},
		"a file in chunks":      {w.path(w.mine, "/documents/upload"), form, begin, true, 413},
		"a file to nobody":      {w.path(w.mine, "/documents/upload") + "?", form + "Authorization: none\r\n", begin, true, 401},
		"to nowhere, in chunks": {"/nowhere", "", "a", true, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := w.wire(addr)
			if !strings.Contains(c.headers, "Authorization") {
				c.headers += "Authorization: " + owner + "\r\n"
			}
			const blocks = 64
			length := fmt.Sprintf("Content-Length: %d", len(c.begin)+blocks*len(block))
			if c.chunked {
				length = "Transfer-Encoding: chunked"
			}
			send := func(piece string) {
				if c.chunked {
					piece = fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
				}
				if _, err := io.WriteString(conn, piece); err != nil {
					t.Fatal(err)
				}
			}
			_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\n%s%s\r\n\r\n", c.path, c.headers, length)
			if err != nil {
				t.Fatal(err)
			}
			send(c.begin)
			for range blocks {
				send(block)
			}
			if c.chunked {
				send("")
			}
			if status, body, err := last(conn); err != nil || status != c.status {
				t.Errorf("got %d, %v, want %d: %.300s", status, err, c.status, body)
			}
		})
	}
}

func TestClientsThatTakeNothingAreCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, listening)
	conn := w.wire(w.run())
	err := error(nil)
	for err == nil { // what the server can't write and doesn't read fills up what lies between
		_, err = io.WriteString(conn, strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", 100))
	}
	if errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

func TestFloodsOfHeadersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, listening)
	addr := w.run()
	for name, headers := range map[string]string{
		"many":     strings.Repeat("X-Flood: "+marker+"\r\n", 20_000),
		"a large":  "X-Flood: " + strings.Repeat(marker, 20_000) + "\r\n",
		"a name":   strings.Repeat(marker, 20_000) + ": x\r\n",
		"a cookie": "Cookie: access_token=" + strings.Repeat(marker, 20_000) + "\r\n",
	} {
		conn := w.wire(addr)
		_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n"+headers+"\r\n") // it may be cut off before the end
		status, body, err := last(conn)
		if status != http.StatusRequestHeaderFieldsTooLarge || strings.Contains(body, marker) {
			t.Errorf("%s = %d, %v: %.200s", name, status, err, body)
		}
	}
}

func TestWhatIsNoHTTPIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, listening)
	addr := w.run()
	const head, login = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", "POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
	for _, request := range []string{
		marker + "\r\n\r\n", "GET\r\n\r\n", "GET /" + marker + "\r\n\r\n", "GET " + marker + head + "\r\n", "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: " + marker + "\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: \x00" + marker + "\r\n\r\n",
		"GET /%zz" + marker + head + "\r\n", "GET /%" + head + "\r\n", "GET /%00" + head + "\r\n", "GET /\x00" + marker + head + "\r\n", "GET //auth//users" + head + "\r\n", "GET /v1/../auth/users" + head + "\r\n",
		"GET /v1/%2e%2e/auth/users" + head + "\r\n", "GET http://" + marker + "/v1/workspaces" + head + "\r\n", "CONNECT " + marker + ":80" + head + "\r\n",
		"GET /" + strings.Repeat("x", 200_000) + head + "\r\n", "GET /healthz" + head + "X-A: a\r\n " + marker + "\r\nX-\x00: " + marker + "\r\n\r\n", "GET /healthz" + head + marker + "\r\n\r\n",
		login + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", login + "Content-Length: -1\r\n\r\n", login + "Content-Length: 99999999999999999999\r\n\r\n", login + "Content-Length: " + marker + "\r\n\r\n",
		login + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", login + "Transfer-Encoding: " + marker + "\r\n\r\n", login + "Transfer-Encoding: chunked\r\n\r\n" + marker + "\r\n",
		login + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", login + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n", login + "Expect: " + marker + "\r\nContent-Length: 2\r\n\r\n{}",
		login + "Content-Encoding: " + marker + "\r\nContent-Length: 2\r\n\r\n{}", login + "Content-Length: 20\r\n\r\n{", "BREW /auth/login" + head + "\r\n",
	} {
		conn := w.wire(addr)
		_, _ = io.WriteString(conn, request)
		status, body, err := last(conn)
		instance := strings.NewReplacer(`"instance":"/`+marker+`"`, "", `"instance":"`+marker+`"`, "").Replace(body)
		if status < 300 || status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported || strings.Contains(instance, marker) {
			t.Errorf("%.80q = %d, %v: %.300s", request, status, err, body)
		}
	}
}
