package core_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// BenchmarkQueryOnPostgres measures whole queries, both arms, on PostgreSQL, for one client, against their bare statements: what a
// query sends to the server is recorded on the way, byte for byte, and the same bytes are then sent again in turn with the query,
// over as many connections as it used, each message when the one before it is answered, and the answers are passed over. The
// connections don't wait for each other, which a query's last statement does.
//
//	BENCH_DOCUMENTS=5000 go test ./core -run xxx -bench QueryOnPostgres -benchtime 300x -timeout 2h
func BenchmarkQueryOnPostgres(b *testing.B) {
	server, _ := servers.StartPostgres(b)
	direct := servers.WithoutProxy(b, server)
	l := newLibrary(b, direct, benchDocuments(b, 600))
	p := newRecorder(b, direct)
	recorded := library{app: appOn(b, p.url), ws: l.ws}
	rng := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // no secrecy
	queries, sent := make([]string, 50), make([]map[int][]byte, 50)
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
	for _, conns := range sent {
		for n := range conns {
			if bare[n] == nil {
				bare[n] = dialBare(b, direct)
			}
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

// recorder stands between a program and its server, and keeps what the program sends, by connection.
type recorder struct {
	url string

	mu   sync.Mutex
	on   bool
	kept map[int][]byte
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
			copying.Go(func() { _, _ = io.Copy(client, behind); _ = client.Close() })
			copying.Go(func() {
				_, _ = io.Copy(behind, io.TeeReader(client, tap{r, n}))
				_ = behind.Close()
			})
		}
	})
	b.Cleanup(func() { _ = listener.Close(); copying.Wait() }) // after the store was closed
	return r
}

func (r *recorder) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on, r.kept = true, map[int][]byte{}
}

func (r *recorder) end() map[int][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return r.kept
}

// tap takes what a connection sends.
type tap struct {
	*recorder
	conn int
}

func (t tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.on {
		t.kept[t.conn] = append(t.kept[t.conn], p...)
	}
	return len(p), nil
}

// replay sends what was recorded once more.
func replay(conns map[int]*bareConn, sent map[int][]byte) error {
	errs := make(chan error, len(sent))
	for n, raw := range sent {
		go func() { errs <- conns[n].send(raw) }()
	}
	for range sent {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
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

// send sends messages up to each that the server answers with being ready, and waits for that.
func (c *bareConn) send(raw []byte) error {
	for from, to := 0, 0; from < len(raw); from = to {
		for kind := byte(0); kind != 'S' && kind != 'Q'; { // Sync and Query
			if len(raw) < to+5 {
				return fmt.Errorf("%d bytes are no message", len(raw)-to)
			}
			kind, to = raw[to], to+1+int(binary.BigEndian.Uint32(raw[to+1:]))
		}
		if _, err := c.Write(raw[from:to]); err != nil {
			return err
		}
		if err := c.ready(); err != nil {
			return err
		}
	}
	return nil
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
