package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

func login(email, password string) string {
	return `{"email":"` + email + `","password":"` + password + `"}`
}

func TestSignInIsWhateverTheCaseOfTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.want(200, "POST", "/auth/login", credential{}, login(" Owner@EXAMPLE.org ", password))
	session := decode[httpapi.LoginRes](t, r)
	if session.TokenType != "bearer" || session.ExpiresIn != 1800 || session.User.Email != "owner@example.org" || session.User.Role != "employee" {
		t.Errorf("session = %+v", session)
	}
	cookie := r.header.Get("Set-Cookie")
	for _, part := range []string{"access_token=" + session.AccessToken, "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1800"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("Set-Cookie: %s, want %s in it", cookie, part)
		}
	}
	for _, c := range []credential{bearer(session.AccessToken), {"Cookie", "access_token=" + session.AccessToken}} {
		if me := decode[httpapi.UserRes](t, w.want(200, "GET", "/auth/me", c, nil)); me.ID != w.owner.ID {
			t.Errorf("me = %+v", me)
		}
	}
	if out := w.want(200, "POST", "/auth/logout", credential{}, nil).header.Get("Set-Cookie"); !strings.Contains(out, "Max-Age=0") {
		t.Errorf("logout sets %s", out)
	}
}

func TestRefusedSignInsLookTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(200, "POST", "/auth/users/"+w.spare.ID.String()+"/disable", w.as(w.admin), nil)
	var details []string
	for _, who := range []string{"nobody@example.org", "owner@example.org", w.spare.Email} {
		secret := map[bool]string{true: password, false: "wrong password"}[who == w.spare.Email]
		details = append(details, decode[httpapi.Problem](t, w.want(401, "POST", "/auth/login", credential{}, login(who, secret))).Detail)
	}
	if len(slices.Compact(details)) != 1 {
		t.Errorf("the refusals read %q, want one and the same", details)
	}
}

func TestWhatEndsASession(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]struct {
		status int
		do     func(w *world, session credential)
	}{
		"a disabled account": {403, func(w *world, _ credential) {
			w.want(200, "POST", "/auth/users/"+w.spare.ID.String()+"/disable", w.as(w.admin), nil)
		}},
		"another password by an administrator": {401, func(w *world, _ credential) {
			w.want(200, "POST", "/auth/users/"+w.spare.ID.String()+"/reset-password", w.as(w.admin), `{"password":"battery staple"}`)
		}},
		"another password of one's own": {401, func(w *world, session credential) {
			w.want(200, "POST", "/auth/password", session, `{"current_password":"correct horse","new_password":"battery staple"}`)
		}},
		"signing out everywhere": {401, func(w *world, session credential) { w.want(200, "POST", "/auth/logout-everywhere", session, nil) }},
		"time":                   {401, func(w *world, _ credential) { w.pass(31 * time.Minute) }},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			session := w.as(w.spare)
			w.want(200, "GET", "/auth/me", session, nil)
			end.do(w, session)
			r := w.want(end.status, "GET", "/auth/me", session, nil)
			if end.status == 401 && r.header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}

func TestUsersAreAdministered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	list := decode[[]httpapi.UserRes](t, w.want(200, "GET", "/auth/users", admin, nil))
	if len(list) != 5 || slices.IndexFunc(list, func(u httpapi.UserRes) bool { return u.Email == "admin@example.org" }) < 0 {
		t.Errorf("users = %+v", list)
	}
	w.want(200, "GET", "/auth/users?limit=-5&offset=-7", admin, nil)
	made := decode[httpapi.UserRes](t, w.want(201, "POST", "/auth/users", admin, login(" New@Example.ORG ", password)))
	if made.Email != "new@example.org" || made.Role != "employee" || !made.IsActive {
		t.Errorf("created %+v", made)
	}
	w.want(409, "POST", "/auth/users", admin, login("NEW@example.org", password))
	for _, bad := range []string{
		login("   ", password), login("no-at", password), login(strings.Repeat("x", 300)+"@example.org", password),
		login("b@example.org", "short"), login(`a\u0000@example.org`, password), `{"email":"b@example.org","password":"battery staple","role":"root"}`,
	} {
		w.want(422, "POST", "/auth/users", admin, bad)
	}
	const nobody = "/auth/users/0192f0c1-5f7e-7cc5-9d35-5d2b1a8f9b10"
	w.want(404, "POST", nobody+"/disable", admin, nil)
	w.want(404, "POST", nobody+"/enable", admin, nil)
	w.want(404, "POST", nobody+"/reset-password", admin, `{"password":"battery staple"}`)
	if p := decode[httpapi.Problem](t, w.want(409, "POST", "/auth/users/"+w.admin.ID.String()+"/disable", admin, nil)); p.Reason != "last_admin" {
		t.Errorf("disabling the last administrator: %+v", p)
	}
}

func TestCookieIsOfNoUseToPagesOfOtherSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.AllowedOrigins = []string{"http://localhost:3000"} })
	token := strings.TrimPrefix(w.as(w.admin).value, "Bearer ")
	for _, c := range []struct {
		name    string
		who     credential
		method  string
		headers map[string]string
		status  int
	}{
		{"a page of another site", credential{"Cookie", "access_token=" + token}, "POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		{"an old browser on another site", credential{"Cookie", "access_token=" + token}, "POST", map[string]string{"Origin": "https://evil.example"}, 403},
		{"a page of another site that reads", credential{"Cookie", "access_token=" + token}, "GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, 405},
		{"our own page", credential{"Cookie", "access_token=" + token}, "POST", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://example.com"}, 200},
		{"the allowed origin", credential{"Cookie", "access_token=" + token}, "POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:3000"}, 200},
		{"no browser", credential{"Cookie", "access_token=" + token}, "POST", nil, 200},
		{"a token that a script sent", bearer(token), "POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 200},
	} {
		r := w.request(c.method, w.path(w.mine, "/publish"), c.who, nil)
		for name, value := range c.headers {
			r.Header.Set(name, value)
		}
		if got := w.send(r); got.status != c.status {
			t.Errorf("%s = %d, want %d: %s", c.name, got.status, c.status, got.body)
		}
	}
}

func TestLimitOfRequestsIsByWhoAsksAndNotByWhatTheySay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.RateRPS, o.RateBurst = 0.001, 3 })
	owner, member := w.as(w.owner), w.as(w.member)
	statuses := func(who credential, path string) (out []int) {
		for i := range 5 {
			r := w.request("GET", path, who, nil)
			r.Header.Set("X-Forwarded-For", strings.Repeat("1", i+1)+".0.0.1") // nobody trusts it
			got := w.send(r)
			if got.status == http.StatusTooManyRequests && (got.header.Get("Retry-After") == "" || decode[httpapi.Problem](t, got).Code != "RATE_LIMITED") {
				t.Errorf("429 reads %s with Retry-After %q", got.body, got.header.Get("Retry-After"))
			}
			out = append(out, got.status)
		}
		return out
	}
	for _, who := range []credential{owner, member} { // each has a bucket
		if got := statuses(who, "/auth/me"); !slices.Equal(got, []int{200, 200, 200, 429, 429}) {
			t.Errorf("me = %v", got)
		}
	}
	if got := statuses(apiKey("rk_wrong"), "/v1/workspaces"); !slices.Equal(got, []int{403, 403, 403, 429, 429}) {
		t.Errorf("workspaces with a wrong key = %v", got)
	}
	for path, passed := range map[string]int{"/openapi.json": 200, "/nothing": 404} { // credentials that nobody asks for don't help
		for i := range 4 {
			r := w.request("GET", path, apiKey("rk_"+strings.Repeat("x", i)), nil)
			r.RemoteAddr = "the address for " + path
			if got, want := w.send(r).status, map[bool]int{true: passed, false: 429}[i < 3]; got != want {
				t.Errorf("%s with a new key, the %dth time = %d, want %d", path, i+1, got, want)
			}
		}
	}
	for _, path := range []string{"/nothing", "/auth/me"} { // an address has one bucket for all that it asks for
		r := w.request("GET", path, credential{}, nil)
		r.RemoteAddr = "198.51.100.7:1234"
		if got := w.send(r).header.Get("RateLimit-Remaining"); got != map[string]string{"/nothing": "2", "/auth/me": "1"}[path] {
			t.Errorf("after %s without credentials %s requests are left", path, got)
		}
	}
	for _, probe := range []string{"/healthz", "/readyz"} {
		if got := statuses(credential{}, probe); !slices.Equal(got, []int{200, 200, 200, 200, 200}) {
			t.Errorf("%s = %v, want no limit", probe, got)
		}
	}
}

func TestEveryResponseHasTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	for _, production := range []bool{false, true} {
		w := newWorld(t, func(o *httpapi.Options) { o.Production = production })
		for path, status := range map[string]int{"/healthz": 200, "/auth/me": 401, "/nothing": 404, "/v1/workspaces/x": 401} {
			r := w.request("GET", path, credential{}, nil)
			r.Header.Set("X-Forwarded-Proto", "https")
			got := w.send(r)
			csp := got.header.Get("Content-Security-Policy")
			if got.status != status || strings.Contains(csp, "unsafe-inline") == production || (got.header.Get("Strict-Transport-Security") != "") != production {
				t.Errorf("production %t: %s = %d with the policy %q", production, path, got.status, csp)
			}
			for _, part := range []string{"frame-ancestors 'none'", "base-uri 'self'", "object-src 'none'"} {
				if !strings.Contains(csp, part) {
					t.Errorf("%s: the policy %q lacks %s", path, csp, part)
				}
			}
			if got.header.Get("X-Frame-Options") != "DENY" || got.header.Get("Referrer-Policy") == "" || got.header.Get("Permissions-Policy") == "" {
				t.Errorf("%s: headers %v", path, got.header)
			}
		}
	}
}

func TestNobodyIsLetInWhenNoKeysAreConfigured(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	for _, path := range []string{"/auth/users", "/v1/admin/audit", "/v1/workspaces", "/metrics", "/auth/keys", "/v1/admin/jobs"} {
		w.want(401, "GET", path, credential{}, nil)
	}
}

func TestATokenThatDoesNotHoldIsNeverPassedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := strings.TrimPrefix(w.as(w.owner).value, "Bearer ")
	_, key := w.key(askingKey())
	for _, c := range []struct {
		name                       string
		authorization, cookie, key string
		status                     int
	}{
		{"a token that doesn't hold, with a cookie", "Bearer nonsense", "access_token=" + token, "", 401},
		{"a token that doesn't hold, with a key", "Bearer nonsense", "", key.value, 401},
		{"a cookie that doesn't hold, with a key", "", "access_token=nonsense", key.value, 401},
		{"a token, with a cookie that doesn't hold", "bearer  " + token, "access_token=nonsense", "rk_wrong", 200},
		{"another scheme, with a cookie", "Basic b3duZXI6cGFzc3dvcmQ=", "access_token=" + token, "", 200},
		{"another scheme, with a key", "Basic b3duZXI6cGFzc3dvcmQ=", "", key.value, 200},
		{"another scheme alone", "Basic b3duZXI6cGFzc3dvcmQ=", "", "", 401},
		{"a cookie of another name", "", "token=" + token, "", 401},
	} {
		r := w.request("GET", "/v1/workspaces", credential{}, nil)
		for name, value := range map[string]string{"Authorization": c.authorization, "Cookie": c.cookie, "X-Api-Key": c.key} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		got := w.send(r)
		if got.status != c.status || got.status == 401 && got.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s = %d with %v, want %d", c.name, got.status, got.header, c.status)
		}
	}
}
