package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/ragcorp/ragcorp/adapters"
)

func readyCommand() command {
	return command{
		name: "ready", summary: "ask a program that runs on this machine whether it is ready",
		help: `
Asks the http shell, where HTTP_ADDR says that it listens, or with --worker the worker shell on WORKER_HTTP_PORT, whether
everything that it needs answers. The exit code is 0 when it does, 1 otherwise: a health check for containers.`,
		define: func(f *flag.FlagSet) action {
			worker := f.Bool("worker", false, "ask the worker shell")
			timeout := f.Duration("timeout", 3*time.Second, "how long to wait, as a `SPAN`")
			return func(ctx context.Context, p *process, _ []string) error {
				c, err := p.config()
				if err != nil {
					return err
				}
				ctx, cancel := context.WithTimeout(ctx, *timeout)
				defer cancel()
				return askReady(ctx, p.Stdout, probeAddr(c, *worker))
			}
		},
	}
}

// probeAddr is where the program answers probes, as this machine reaches it.
func probeAddr(c adapters.Config, worker bool) string {
	addr := c.HTTP.Addr
	if worker {
		addr = net.JoinHostPort(c.Worker.HTTPHost, strconv.Itoa(c.Worker.HTTPPort))
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func askReady(ctx context.Context, w io.Writer, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := (&http.Client{Transport: &http.Transport{}}).Do(req) // never through a proxy
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", oneLine(string(body)))
	}
	_, err = fmt.Fprintln(w, "ready")
	return err
}
