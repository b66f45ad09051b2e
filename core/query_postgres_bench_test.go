package core_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// BenchmarkQueryOnPostgres measures whole queries, both arms, on PostgreSQL, for one client, against their bare statements: what a
// query sends to the server is recorded on the way, byte for byte, and the same bytes are then sent again in turn with the query,
// over as many connections as it used, each message when all is answered that was answered when the query sent it, and the answers
// are passed over.
//
//	BENCH_DOCUMENTS=5000 go test ./core -run xxx -bench QueryOnPostgres -benchtime 300x -timeout 2h
func BenchmarkQueryOnPostgres(b *testing.B) {
	server, _ := servers.StartPostgres(b)
	direct := servers.WithoutProxy(b, server)
	l := newLibrary(b, direct, benchDocuments(b, 600))
	p := newRecorder(b, direct)
	recorded := library{app: appOn(b, p.url), ws: l.ws}
	rng := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // no secrecy
	queries, sent := make([]string, 50), make([][]message, 50)
	for i := range queries {
		queries[i] = prose(rng, 10)
		l.ask(b, queries[i]) // makes the connections, and learns what the statements return
		recorded.ask(b, queries[i])
	}
	for i, q := range queries {
		p.begin()
		recorded.ask(b, q)
		sent[i] = p.end()
	}
	bare := map[int]*bareConn{}
	for _, m := range slices.Concat(sent...) {
		if bare[m.conn] == nil {
			bare[m.conn] = dialBare(b, direct)
		}
	}
	var whole, lexical, dense, statements times
	for i := 0; b.Loop(); i++ {
		at := i % len(queries)
		began := time.Now()
		trace := l.ask(b, queries[at])
		whole = append(whole, time.Since(began))
		lexical, dense = append(lexical, trace.Lexical.Took), append(dense, trace.Dense.Took)
		began = time.Now()
		fatal(b, replay(bare, sent[at]))
		statements = append(statements, time.Since(began))
	}
	whole.report(b, "whole")
	lexical.report(b, "lexical")
	dense.report(b, "dense")
	statements.report(b, "bare")
	b.ReportMetric(whole.at(0.5)/statements.at(0.5), "whole/bare")
	b.ReportMetric(float64(l.chunks), "chunks")
}

// message is what a program sends to its server at once, up to where it waits for an answer.
type message struct {
	conn  int
	raw   []byte
	after map[int]int // how many answers each connection had got when it was sent
}

// recorder stands between a program and its server, and keeps what the program sends.
type recorder struct {
	url string

	mu       sync.Mutex
	on       bool
	sent     []message
	answered map[int]int // by connection
}

func newRecorder(b *testing.B, server string) *recorder {
	b.Helper()
	u, err := url.Parse(server)
	fatal(b, err)
	to := u.Host
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	fatal(b, err)
	var copying sync.WaitGroup
	r := &recorder{}
	u.Host = listener.Addr().String()
	r.url = u.String()
	copying.Go(func() {
		for n := 0; ; n++ {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			behind, err := new(net.Dialer).DialContext(context.WithoutCancel(b.Context()), "tcp", to)
			if err != nil {
				_ = client.Close()
				continue
			}
			copying.Go(func() { r.copy(client, behind, "Z", func([]byte) { r.answer(n) }); _ = client.Close() })
			copying.Go(func() { r.copy(behind, client, "SQ", func(raw []byte) { r.send(n, raw) }); _ = behind.Close() })
		}
	})
	b.Cleanup(func() { _ = listener.Close(); copying.Wait() }) // after the store was closed
	return r
}

// copy copies what comes, and says what has come up to each message of one of the kinds, before it is passed on.
func (r *recorder) copy(to io.Writer, from io.Reader, kinds string, say func([]byte)) {
	var waiting []byte
	seen, begun := 0, false
	_, _ = io.Copy(to, readerFunc(func(p []byte) (int, error) {
		n, err := from.Read(p)
		waiting = append(waiting, p[:n]...)
		for {
			head := 1
			if kinds != "Z" && !begun { // the first one of a client has no kind
				head = 0
			}
			if len(waiting) < seen+head+4 {
				return n, err
			}
			end := seen + head + int(binary.BigEndian.Uint32(waiting[seen+head:]))
			if len(waiting) < end {
				return n, err
			}
			kind := waiting[seen]
			seen = end
			if head == 1 && strings.IndexByte(kinds, kind) >= 0 {
				say(slices.Clone(waiting[:end]))
			}
			if !begun || strings.IndexByte(kinds, kind) >= 0 {
				waiting, seen, begun = append([]byte{}, waiting[end:]...), 0, true
			}
		}
	}))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func (r *recorder) send(conn int, raw []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.sent = append(r.sent, message{conn, raw, maps.Clone(r.answered)})
	}
}

func (r *recorder) answer(conn int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.answered[conn]++
	}
}

func (r *recorder) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on, r.sent, r.answered = true, nil, map[int]int{}
}

func (r *recorder) end() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return r.sent
}

// replay sends what was recorded once more.
func replay(conns map[int]*bareConn, sent []message) error {
	var mu sync.Mutex
	some := sync.NewCond(&mu)
	answered := map[int]int{}
	by := map[int][]message{}
	for _, m := range sent {
		by[m.conn] = append(by[m.conn], m)
	}
	errs := make(chan error, len(by))
	for n, messages := range by {
		go func() {
			for _, m := range messages {
				mu.Lock()
				for !reached(answered, m.after) {
					some.Wait()
				}
				mu.Unlock()
				if err := conns[n].send(m.raw); err != nil {
					errs <- err
					return
				}
				mu.Lock()
				answered[n]++
				mu.Unlock()
				some.Broadcast()
			}
			errs <- nil
		}()
	}
	for range by {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func reached(have, want map[int]int) bool {
	for conn, n := range want {
		if have[conn] < n {
			return false
		}
	}
	return true
}

// bareConn is a connection to PostgreSQL without a driver.
type bareConn struct {
	net.Conn
	in *bufio.Reader
}

func dialBare(b *testing.B, server string) *bareConn {
	b.Helper()
	c, err := pgconn.ParseConfig(server)
	fatal(b, err)
	for name, value := range map[string]string{"timezone": "UTC", "plan_cache_mode": "force_custom_plan", "jit": "off"} {
		c.RuntimeParams[name] = value
	}
	conn, err := pgconn.ConnectConfig(b.Context(), c)
	fatal(b, err)
	raw, err := conn.Hijack()
	fatal(b, err)
	b.Cleanup(func() { _ = raw.Conn.Close() })
	return &bareConn{raw.Conn, bufio.NewReaderSize(raw.Conn, 1<<16)}
}

// send sends a message and waits for its answer.
func (c *bareConn) send(raw []byte) error {
	if _, err := c.Write(raw); err != nil {
		return err
	}
	return c.ready()
}

// ready passes over what the server says until it is ready.
func (c *bareConn) ready() error {
	var head [5]byte
	for head[0] != 'Z' {
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return err
		}
		size := int(binary.BigEndian.Uint32(head[1:])) - 4
		if head[0] == 'E' {
			said := make([]byte, size)
			_, err := io.ReadFull(c.in, said)
			return fmt.Errorf("the server said %q, %w", said, err)
		}
		if _, err := c.in.Discard(size); err != nil {
			return err
		}
	}
	return nil
}
