package s3store

import (
	"context"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// newClient makes a client that gives up a server which says nothing for so long, and otherwise does what the AWS SDK's does,
// such as trusting AWS_CA_BUNDLE. It speaks HTTP/1.1 only, as S3 does: on
// a connection that several requests share, a slow reader of one would look like silence.
func newClient(silence time.Duration) *awshttp.BuildableClient {
	dialer := &net.Dialer{Timeout: min(silence, 10*time.Second), KeepAlive: 30 * time.Second}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &watched{c, silence}, nil
		}
		t.ForceAttemptHTTP2 = false
		t.ResponseHeaderTimeout = silence
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 64, 64
		t.IdleConnTimeout = silence
	})
}

// watched is a connection on which every read and every write has to get somewhere within the time. How long a transfer
// takes in all is not limited.
type watched struct {
	net.Conn
	silence time.Duration
}

// Read implements net.Conn.
func (w *watched) Read(p []byte) (int, error) {
	if err := w.SetReadDeadline(time.Now().Add(w.silence)); err != nil {
		return 0, err
	}
	return w.Conn.Read(p)
}

// Write implements net.Conn.
func (w *watched) Write(p []byte) (int, error) {
	if err := w.SetWriteDeadline(time.Now().Add(w.silence)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}
