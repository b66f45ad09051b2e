package e2e

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Whoever commits and hears nothing can't know whether it happened. It did: nothing may be undone, and nothing done twice.
func TestCommitsWhoseAnswersAreLostLoseNothing(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	line := newLine(t, &in.url)
	in.env = append(in.env, "DATABASE_URL="+in.url)
	in.survives(t, func(t *testing.T, _ *installation, _ []*shell) {
		line.every.Store(4)
		eventually(t, "many commits have lost their answers", func() bool { return line.cuts.Load() >= 60 })
		line.every.Store(0)
	})
}

// line stands between the shells and PostgreSQL. It cuts connections at the worst moment: when the server has committed
// something and is about to say so.
type line struct {
	server  string
	every   atomic.Int64 // of the commits that wrote something, each of this number is cut; 0: none
	commits atomic.Int64
	cuts    atomic.Int64
}

// newLine makes database the address of a line to it.
func newLine(t *testing.T, database *string) *line {
	t.Helper()
	u, err := url.Parse(*database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &line{server: u.Host}
	u.Host = listener.Addr().String()
	*database = u.String()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serve(client)
		}
	}()
	return l
}

func (l *line) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := (&net.Dialer{Timeout: 5 * time.Second}).Dial("tcp", l.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_ = l.answers(bufio.NewWriter(client), bufio.NewReader(server))
}

var errCut = errors.New("cut")

// answers copies what the server says, message by message, up to the one that is to be lost.
// https://www.postgresql.org/docs/17/protocol-message-formats.html
func (l *line) answers(client *bufio.Writer, server *bufio.Reader) error {
	inside, wrote := false, false // a transaction; and it has written something
	for {
		var head [5]byte
		if _, err := io.ReadFull(server, head[:]); err != nil {
			return err
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(server, body); err != nil {
			return err
		}
		switch head[0] {
		case 'C': // a command is complete
			tag, _, _ := strings.Cut(strings.TrimRight(string(body), "\x00"), " ")
			writes := tag == "INSERT" || tag == "UPDATE" || tag == "DELETE"
			wrote = wrote || writes
			if (tag == "COMMIT" && wrote || writes && !inside) && l.lost() {
				return errCut
			}
		case 'Z': // ready for the next; I: outside of a transaction
			inside = body[0] != 'I'
			wrote = wrote && inside
		}
		_, err := client.Write(append(head[:], body...))
		if err == nil && server.Buffered() == 0 {
			err = client.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// lost says whether the answer to this commit is to be lost.
func (l *line) lost() bool {
	every := l.every.Load()
	if every == 0 || l.commits.Add(1)%every != 0 {
		return false
	}
	l.cuts.Add(1)
	return true
}
