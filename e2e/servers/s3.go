// Package servers starts what the production profile needs and tests have to bring along: in containers, or as processes of
// their own. Where that is impossible, because no Docker engine answers or an image can't be had, tests that need them are
// skipped and say so, unless REQUIRE_DOCKER is set: then they fail.
//
// Test binaries that share servers have
//
//	func TestMain(m *testing.M) { os.Exit(servers.Run(m)) }
package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// s3Server is the server that is built when E2E_S3_SERVER names no binary. It is no dependency of the module.
const s3Server = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

// What S3 proves itself with to a server of the tests.
const (
	AccessKey = "e2e-access-key"
	SecretKey = "e2e-secret-key"
	Region    = "us-east-1"
)

// S3 is a server that speaks S3, with an empty folder of its own.
type S3 struct {
	Endpoint string // its URL

	binary, addr, dir string
	cmd               *exec.Cmd
}

// StartS3 starts a server, which ends with the test. Where none can be had, the test is skipped with the reason; with
// REQUIRE_DOCKER=1 it fails.
func StartS3(t testing.TB) *S3 {
	t.Helper()
	binary, err := s3Binary()
	if err != nil {
		if os.Getenv("REQUIRE_DOCKER") == "1" {
			t.Fatalf("there is no S3 server: %v", err)
		}
		t.Skipf("there is no S3 server: %v", err)
	}
	s := &S3{binary: binary, addr: freeAddr(t), dir: t.TempDir()}
	s.Endpoint = "http://" + s.addr
	s.Start(t)
	t.Cleanup(func() { s.Stop(t) })
	return s
}

// Start starts the server again after Stop, with what it kept, and waits until it answers.
func (s *S3) Start(t testing.TB) {
	t.Helper()
	s.cmd = exec.CommandContext(context.Background(), s.binary, "--access", AccessKey, "--secret", SecretKey, "--region", Region, //nolint:gosec // built above
		"--port", s.addr, "--quiet", "--keep-alive", "posix", "--sidecar", s.folder(t, "meta"), s.folder(t, "data"))
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
	var said strings.Builder
	s.cmd.Stderr = &said
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start the S3 server: %v", err)
	}
	for end := time.Now().Add(time.Minute); ; {
		res, err := http.Get(s.Endpoint) //nolint:noctx // a local probe
		if err == nil {
			_ = res.Body.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the S3 server doesn't answer: %v\n%s", err, said.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Stop kills the server, as a power cut would.
func (s *S3) Stop(t testing.TB) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("kill the S3 server: %v", err)
	}
	_ = s.cmd.Wait() // says that it was killed
	s.cmd = nil
}

func (s *S3) folder(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Client returns a client of the server.
func (s *S3) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint), UsePathStyle: true, Region: Region,
		Credentials: credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
	})
}

// Bucket makes an empty bucket and returns its name.
func (s *S3) Bucket(t testing.TB) string {
	t.Helper()
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(t.Name())), "-")
	name = fmt.Sprintf("%.40s-%d", name, time.Now().UnixNano()%1_000_000_000)
	if _, err := s.Client().CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		t.Fatalf("make bucket %s: %v", name, err)
	}
	return name
}

// Env returns the settings with which our programs keep their files in the bucket.
func (s *S3) Env(bucket string) []string {
	return []string{
		"S3_ENDPOINT_URL=" + s.Endpoint, "S3_BUCKET=" + bucket, "S3_ACCESS_KEY=" + AccessKey, "S3_SECRET_KEY=" + SecretKey,
		"S3_REGION=" + Region,
	}
}

// s3Binary is E2E_S3_SERVER, or else built once and kept in the user's cache.
var s3Binary = sync.OnceValues(func() (string, error) {
	if made := os.Getenv("E2E_S3_SERVER"); made != "" {
		return made, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	_, version, _ := strings.Cut(s3Server, "@")
	dir := filepath.Join(cache, "ragcorp-e2e", "versitygw-"+version)
	name := filepath.Join(dir, "versitygw")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "install", s3Server)
	cmd.Dir = os.TempDir() // outside of our module
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0", "GOFLAGS=")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", s3Server, err, said)
	}
	return name, nil
})

// freeAddr is an address that nobody listens on right now.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it only reserved the address
	return l.Addr().String()
}
