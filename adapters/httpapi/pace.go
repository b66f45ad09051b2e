package httpapi

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// slowestPace is what must come of a body, in bytes a second, once Options.Patience is used up.
const slowestPace = 16 << 10

// pace lets no client hold on to the server for ever. A body has Options.Patience, and a second more for each slowestPace bytes
// that have come; of a response, something must be taken within twice Options.Patience after each write, so that one that waits
// for the rest of a body still gets out.
func (s *Server) pace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &paced{ResponseWriter: w, connection: http.NewResponseController(w), patience: s.opts.Patience}
		p.write()
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(p, r)
			return
		}
		b := &pacedBody{of: p, body: r.Body, began: time.Now()}
		b.read()                       // also for handlers that don't read it: net/http does, to find the next request
		r = r.WithContext(r.Context()) // net/http goes on looking at its own body
		r.Body = b
		next.ServeHTTP(p, r)
		s.linger(b)
	})
}

// linger reads what a client still sends after its answer, for Options.Patience at most. Where a server hangs up instead, the
// client's system may throw the answer away unread (RFC 9112, section 9.6), and many clients read nothing before they have sent
// everything: those would never learn that a body is too large.
func (s *Server) linger(b *pacedBody) {
	if b.ended || b.of.connection.Flush() != nil {
		return
	}
	left := make([]byte, 64<<10)
	for until := time.Now().Add(s.opts.Patience); !b.ended && time.Now().Before(until); {
		select {
		case <-s.closing:
			return
		default:
			_, _ = b.Read(left) // an error ends it
		}
	}
}

// paced is a response that must be taken.
type paced struct {
	http.ResponseWriter

	connection *http.ResponseController
	patience   time.Duration
}

// write gives the next write its time. A connection without deadlines is one of a test, or looked after by somebody else.
func (p *paced) write() { _ = p.connection.SetWriteDeadline(time.Now().Add(2 * p.patience)) }

// WriteHeader implements http.ResponseWriter.
func (p *paced) WriteHeader(status int) {
	p.write()
	p.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (p *paced) Write(b []byte) (int, error) {
	p.write()
	return p.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer below.
func (p *paced) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// pacedBody is a body that must come.
type pacedBody struct {
	of    *paced
	body  io.ReadCloser
	began time.Time
	come  int64 // bytes
	ended bool  // there is no more of it
}

func (b *pacedBody) read() {
	_ = b.of.connection.SetReadDeadline(b.began.Add(b.of.patience + time.Duration(b.come)*time.Second/slowestPace)) // see write
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	b.read() // the framework has a deadline of its own
	n, err := b.body.Read(p)
	b.come += int64(n)
	b.ended = err != nil
	if err != nil && !errors.Is(err, io.EOF) {
		err = &bodyError{err}
	}
	return n, err
}

// Close implements io.Closer. It leaves the rest to linger; net/http closes its own body in the end.
func (*pacedBody) Close() error { return nil }

// bodyError says that the rest of a body can't be read: it is too slow, the client has left, or what came is no HTTP.
type bodyError struct{ cause error }

func (e *bodyError) Error() string { return "the body did not arrive: " + e.cause.Error() }

// Unwrap leads to what the connection said.
func (e *bodyError) Unwrap() error { return e.cause }

// Timeout implements net.Error. To the framework, what is no timeout would be a failure of ours.
func (*bodyError) Timeout() bool { return true }

// Temporary implements net.Error.
func (*bodyError) Temporary() bool { return false }
