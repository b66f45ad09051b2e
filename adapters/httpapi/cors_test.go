package httpapi_test

import (
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

func TestPagesOfAllowedOriginsMayCallAndReadAndNoOthers(t *testing.T) {
	t.Parallel()
	const ours = "http://localhost:3000"
	for _, credentials := range []bool{false, true} {
		w := newWorld(t, func(o *httpapi.Options) { o.AllowedOrigins, o.AllowCredentials = []string{ours}, credentials })
		for origin, status := range map[string]int{ours: 200, "https://evil.example": 403, "null": 403} {
			r := w.request("OPTIONS", "/v1/workspaces", credential{}, nil)
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", "PATCH")
			preflight := w.raw(r)
			if preflight.status != status || (preflight.header.Get("Access-Control-Allow-Origin") == origin) != (status == 200) {
				t.Errorf("the preflight of %s = %d with %v", origin, preflight.status, preflight.header)
			}
			if allows := preflight.header.Get("Access-Control-Allow-Methods"); status == 200 && !strings.Contains(allows, "PATCH") {
				t.Errorf("the preflight allows %s", allows)
			}
			if status == 200 && (preflight.header.Get("Access-Control-Max-Age") != "600" || !strings.Contains(preflight.header.Get("Access-Control-Allow-Headers"), "X-Request-Id")) {
				t.Errorf("the preflight has the headers %v", preflight.header)
			}
			for _, path := range []string{"/v1/workspaces", "/healthz"} { // an error and a success
				r = w.request("GET", path, credential{}, nil)
				r.Header.Set("Origin", origin)
				h := w.send(r).header
				if (h.Get("Access-Control-Allow-Origin") == origin) != (status == 200) || !strings.Contains(h.Get("Vary"), "Origin") {
					t.Errorf("a page of %s that gets %s sees %v", origin, path, h)
				}
				if (h.Get("Access-Control-Allow-Credentials") == "true") != (credentials && status == 200) {
					t.Errorf("with credentials %t, a page of %s that gets %s sees %v", credentials, origin, path, h)
				}
				if shows := h.Get("Access-Control-Expose-Headers"); status == 200 && (!strings.Contains(shows, "X-Request-Id") || !strings.Contains(shows, "Retry-After")) {
					t.Errorf("a page of ours may read %q", shows)
				}
			}
		}
	}
}
