package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// installation is a world of the production profile whose servers are its own, so that they may fail.
type installation struct {
	*world

	url      string // of the database
	postgres *servers.Container
	redis    *servers.Redis
	files    *servers.S3
}

// newInstallation makes one; in another profile there are no servers that could fail.
func newInstallation(t *testing.T, env ...string) *installation {
	t.Helper()
	if os.Getenv("E2E_PROFILE") != "production" {
		t.Skip("a story of the production profile: E2E_PROFILE=production")
	}
	in := &installation{redis: servers.StartRedis(t), files: servers.StartS3(t)}
	in.postgres, in.url = servers.StartPostgres(t)
	in.world = newWorld(t, append(append(in.files.Env(in.files.Bucket(t)),
		"DATABASE_URL="+in.url, "REDIS_URL="+in.redis.URL, "WORKER_LEASE=2s"), env...)...)
	return in
}

// fault is something that goes wrong while documents are in flight.
type fault func(t *testing.T, in *installation, workers []*shell)

func survives(t *testing.T, befall fault) {
	t.Helper()
	newInstallation(t).survives(t, befall)
}

// survives uploads files while an API and three workers go through a fault, and expects the outcome of an undisturbed run.
func (in *installation) survives(t *testing.T, befall fault) {
	t.Helper()
	n := 200
	if testing.Short() {
		n = 40
	}
	files := corpus(t, number("FAULT_DOCUMENTS", n))
	api := in.http(t, "WORKERS=0").endures()
	workers := []*shell{in.worker(t).endures(), in.worker(t).endures(), in.worker(t).endures()}
	l := api.admin(t).library(t, "faults")
	var uploads sync.WaitGroup
	uploads.Go(func() { l.insist(t, files) })
	eventually(t, "some documents are being worked on", func() bool {
		r, err := l.send(t, l.request(t, "GET", l.path("/documents?status=READY"), nil))
		return err == nil && r.status == http.StatusOK && len(parse[documentPage](t, r).Documents) > 0
	})
	befall(t, in, workers)
	uploads.Wait()
	eventually(t, "all documents are settled", func() bool {
		r, err := l.send(t, l.request(t, "GET", l.path("/documents?limit=1&status=PENDING"), nil))
		if err != nil || r.status != http.StatusOK || len(parse[documentPage](t, r).Documents) > 0 {
			return false
		}
		return !slices.ContainsFunc(l.all(t, nil), func(d document) bool { return !d.settled() })
	})
	l.expectWhole(t, files, undisturbed(t, files))
	l.expectNoJobs(t)
}

// insist uploads each file again and again until it is accepted.
func (l *library) insist(t *testing.T, files []file) {
	for _, f := range files {
		for t.Context().Err() == nil {
			r, err := l.send(t, l.form(t, f))
			if err == nil && r.status == http.StatusAccepted {
				break
			}
			if err == nil && r.status < 500 {
				t.Errorf("upload of %s = %d: %s", f.name, r.status, r.body)
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func TestWorkersKilledAtRandomLoseNothing(t *testing.T) {
	t.Parallel()
	survives(t, func(t *testing.T, in *installation, workers []*shell) {
		kills, seed := 30, time.Now().UnixNano()
		if testing.Short() {
			kills = 9
		}
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(uint64(seed), 1)) //nolint:gosec // moments, not secrets
		for range kills {
			time.Sleep(time.Duration(r.ExpFloat64() * float64(250*time.Millisecond)))
			i := r.IntN(len(workers))
			workers[i].kill(t)
			workers[i] = in.spawn(t, buildWorker, nil).endures()
		}
	})
}

func TestTheAPIKilledLosesNothingThatItAccepted(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	files := corpus(t, 40)
	l := in.http(t, "WORKERS=0").endures()
	lib := l.admin(t).library(t, "kills")
	in.worker(t).endures()
	for batch := range slices.Chunk(files, 10) {
		for _, f := range batch {
			lib.upload(t, f)
		}
		l.kill(t)
		l = in.http(t, "WORKERS=0").endures()
		lib = lib.as(lib.at(l))
	}
	eventually(t, "all documents are settled", func() bool {
		return !slices.ContainsFunc(lib.all(t, nil), func(d document) bool { return !d.settled() })
	})
	lib.expectWhole(t, files, undisturbed(t, files))
}

func TestRedisEmptiedLosesNothing(t *testing.T) {
	t.Parallel()
	survives(t, func(t *testing.T, in *installation, _ []*shell) {
		o, err := redis.ParseURL(in.redis.URL)
		if err != nil {
			t.Fatal(err)
		}
		c := redis.NewClient(o)
		defer func() { _ = c.Close() }()
		for range 5 {
			if err := c.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
		}
	})
}

func TestRedisKilledAndStartedEmptyLosesNothing(t *testing.T) {
	t.Parallel()
	survives(t, func(t *testing.T, in *installation, _ []*shell) {
		for range 2 {
			in.redis.Kill(t)
			time.Sleep(2 * time.Second)
			in.redis.Start(t)
			time.Sleep(time.Second)
		}
	})
}

func TestPostgresRestartedLosesNothing(t *testing.T) {
	t.Parallel()
	survives(t, func(t *testing.T, in *installation, _ []*shell) {
		for range 2 {
			in.postgres.Kill(t)
			in.postgres.Start(t)
			time.Sleep(2 * time.Second)
		}
	})
}

func TestABlobStoreThatRefusesForAWhileLosesNothing(t *testing.T) {
	t.Parallel()
	survives(t, func(t *testing.T, in *installation, _ []*shell) {
		in.files.Stop(t)
		time.Sleep(20 * time.Second)
		in.files.Start(t)
	})
}

// A worker that stands still for longer than its lease finds, when it goes on, that another has done its work, and changes
// nothing.
func TestALateResultChangesNothing(t *testing.T) {
	in := newInstallation(t)
	l := in.http(t, "WORKERS=0").admin(t).library(t, "frozen")
	frozen := in.worker(t, "WORKERS=1").endures()
	id := l.freeze(t, in, frozen)
	before := l.raw(t, id)
	frozen.signal(t, syscall.SIGCONT)
	eventually(t, "the late worker has noticed", func() bool {
		return slices.ContainsFunc(frozen.logs.all(), func(line logLine) bool {
			return strings.Contains(line.raw, "the lease on the delivery is lost") || strings.Contains(line.raw, "another worker has it")
		})
	})
	if after := l.raw(t, id); after != before {
		t.Errorf("the document was %s, and is %s since the late worker went on", before, after)
	}
}

// freeze has a worker stand still in the midst of a document, which another one completes. Who was done just before is let go on, and has
// another one to do.
func (l *library) freeze(t *testing.T, in *installation, worker *shell) (id string) {
	t.Helper()
	f := testdata(t, "handbook-en.pdf")
	for try := range 50 {
		f.content = fmt.Appendf(slices.Clone(f.content), "\n%% frozen %d\n", try)
		id = l.upload(t, f).DocumentID
		eventually(t, "the document is being worked on", func() bool { return l.get(t, id).Status != "PENDING" })
		worker.signal(t, syscall.SIGSTOP)
		other := in.worker(t, "WORKERS=1")
		l.ready(t, id)
		if in.count(t, "SELECT count(*) FROM deliveries WHERE attempts > 1") > 0 {
			return id
		}
		other.kill(t)
		worker.signal(t, syscall.SIGCONT)
	}
	t.Fatal("the worker was never in the midst of a document")
	return ""
}

// count asks the database for a number.
func (in *installation) count(t *testing.T, query string) (n int) {
	t.Helper()
	db, err := sql.Open("pgx", in.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// raw is a document as the API shows it.
func (l *library) raw(t *testing.T, id string) string {
	t.Helper()
	r, err := l.send(t, l.request(t, "GET", l.documentPath(id, ""), nil))
	if err != nil || r.status != http.StatusOK {
		t.Fatalf("get document %s = %d, %v", id, r.status, err)
	}
	return string(r.body)
}

// While everybody is healthy each delivery is taken once, however much longer than a lease the work takes.
func TestHealthyWorkersDoEverythingOnce(t *testing.T) {
	in := newInstallation(t, "WORKER_LEASE="+patience(2*time.Second).String())
	files := corpus(t, 60)
	l := in.http(t, "WORKERS=1").admin(t).library(t, "healthy")
	for range 3 {
		in.worker(t)
	}
	l.add(t, files...)
	l.expectNoJobs(t)
	deliveries := in.count(t, "SELECT count(*) FROM deliveries WHERE state = 'done'")
	again := in.count(t, "SELECT count(*) FROM deliveries WHERE state = 'done' AND (attempts <> 1 OR failures <> 0)")
	if deliveries < len(files) || again != 0 {
		t.Errorf("%d of %d deliveries were taken more than once, for %d documents", again, deliveries, len(files))
	}
}
