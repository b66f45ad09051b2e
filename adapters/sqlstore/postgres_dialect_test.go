package sqlstore

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ragcorp/ragcorp/core/fault"
)

// A server that goes away in the middle of anything is something to wait for, not a defect of ours.
func TestAConnectionThatIsLostIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{
		driver.ErrBadConn, sql.ErrConnDone, net.ErrClosed, io.EOF, io.ErrUnexpectedEOF,
		&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)},
		&pgconn.PgError{Code: "57P01"}, &pgconn.PgError{Code: "57P03"}, &pgconn.PgError{Code: "08006"},
	} {
		if err := (postgres{}).classify(fmt.Errorf("insert: %w", lost)); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%v becomes %v, want it to be Unavailable", lost, err)
		}
	}
	for _, other := range []error{sql.ErrNoRows, sql.ErrTxDone, &pgconn.PgError{Code: "42P01"}} {
		if err := (postgres{}).classify(other); errors.Is(err, fault.Unavailable) {
			t.Errorf("%v becomes Unavailable", other)
		}
	}
}
