package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var printedPassword = regexp.MustCompile(`e-mail\s+(\S+)\s+password\s+(\S+)`)

func TestTheFirstStartPrintsAPasswordOnceAndItWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "APP_ENV=development", "DEV_SEED_ADMIN=")
	s := w.http(t)
	s.stop(t)
	printed := printedPassword.FindStringSubmatch(s.stdout.String())
	if printed == nil {
		t.Fatalf("the first start printed %q, want e-mail and password", s.stdout.String())
	}

	s = w.http(t)
	c := s.user(t, printed[1], printed[2])
	me := expect[struct {
		Email, Role string
		Active      bool `json:"is_active"`
	}](t, c, http.StatusOK, "GET", "/auth/me", nil)
	if me.Email != printed[1] || me.Role != "admin" || !me.Active {
		t.Errorf("me = %+v, want the admin that was printed", me)
	}
	s.stop(t)
	if s.stdout.Len() > 0 {
		t.Errorf("the second start printed %q, want nothing", s.stdout.String())
	}
}

func TestSigningInGivesATokenAndACookieAndSigningOutTakesTheCookieBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := s.anybody().do(t, "POST", "/auth/login", map[string]string{"email": " ROOT@example.com ", "password": adminPassword})
	if r.status != http.StatusOK {
		t.Fatalf("login = %d: %s", r.status, r.body)
	}
	cookie := cookieOf(t, r)
	if !cookie.HttpOnly || cookie.Path != "/" || cookie.MaxAge != 30*60 {
		t.Errorf("the session cookie is %+v", cookie)
	}
	req := s.anybody().request(t, "GET", "/auth/me", nil)
	req.AddCookie(cookie)
	if me, err := s.anybody().send(t, req); err != nil || me.status != http.StatusOK {
		t.Errorf("me with the cookie = %d, %v, want 200", me.status, err)
	}
	out := s.anybody().do(t, "POST", "/auth/logout", nil)
	if gone := cookieOf(t, out); out.status != http.StatusOK || gone.MaxAge >= 0 || gone.Value != "" {
		t.Errorf("logout = %d with the cookie %+v, want one that is deleted", out.status, gone)
	}
	refused(t, s.anybody(), http.StatusUnauthorized, "GET", "/auth/me", nil)
	refused(t, s.anybody(), http.StatusUnauthorized, "POST", "/auth/login", map[string]string{"email": adminEmail, "password": "wrong"})
	refused(t, s.anybody(), http.StatusUnauthorized, "POST", "/auth/login", map[string]string{"email": "no@one.com", "password": "wrong"})
}

func cookieOf(t *testing.T, r reply) *http.Cookie {
	t.Helper()
	cookies := (&http.Response{Header: r.header}).Cookies()
	if len(cookies) != 1 || cookies[0].Name != "access_token" {
		t.Fatalf("cookies = %v, want access_token", cookies)
	}
	return cookies[0]
}

func TestSigningOutEverywhereEndsAllSessions(t *testing.T) {
	t.Parallel()
	s := start(t)
	one, two := s.admin(t), s.admin(t)
	expect[any](t, one, http.StatusOK, "POST", "/auth/logout-everywhere", nil)
	for _, c := range []*client{one, two} {
		refused(t, c, http.StatusUnauthorized, "GET", "/auth/me", nil)
	}
	expect[any](t, s.admin(t), http.StatusOK, "GET", "/auth/me", nil)
}

func TestADisabledUserIsOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.admin(t)
	e := newEmployee(t, admin, "eve@example.com")
	expect[any](t, e.client, http.StatusOK, "GET", "/v1/workspaces", nil)
	expect[any](t, admin, http.StatusOK, "POST", "/auth/users/"+e.id+"/disable", nil)
	if r := e.do(t, "GET", "/v1/workspaces", nil); r.status != http.StatusForbidden && r.status != http.StatusUnauthorized {
		t.Errorf("workspaces for a disabled user = %d, want 401 or 403", r.status)
	}
}

const employeePassword = "another long password"

// employee is a signed-in employee.
type employee struct {
	*client

	id string
}

func newEmployee(t *testing.T, admin *client, email string) employee {
	t.Helper()
	u := expect[struct{ ID, Role string }](t, admin, http.StatusCreated, "POST", "/auth/users",
		map[string]string{"email": email, "password": employeePassword})
	if u.Role != "employee" {
		t.Fatalf("a new user is %q, want employee", u.Role)
	}
	return employee{(&shell{url: admin.url}).user(t, email, employeePassword), u.ID}
}

func TestAShellThatIsToldToStopFinishesWhatItHasBegun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.http(t)
	l := s.admin(t).library(t, "drain")
	id := l.upload(t, testdata(t, "handbook-en.pdf")).DocumentID
	began := time.Now()
	s.stop(t)
	if took := time.Since(began); took > patience(40*time.Second) {
		t.Errorf("the shell took %v to stop", took)
	}
	if left := filesIn(t, w.tmp); len(left) > 0 {
		t.Errorf("the shell left temporary files: %v", left)
	}
	l = l.as(l.at(w.http(t)))
	if d := l.ready(t, id); d.PageCount != 24 {
		t.Errorf("the document is %+v, want 24 pages", d)
	}
}

func TestReadinessNamesWhatAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	ready := expect[struct {
		OK     bool
		DB     string
		Checks map[string]string
	}](t, s.anybody(), http.StatusOK, "GET", "/readyz", nil)
	if !ready.OK || ready.DB != "connected" || ready.Checks["database"] != "connected" {
		t.Errorf("readyz = %+v", ready)
	}
	alive := expect[struct{ OK bool }](t, s.anybody(), http.StatusOK, "GET", "/healthz", nil)
	if !alive.OK {
		t.Error("healthz isn't ok")
	}
}

func TestAWrongConfigurationIsRefusedAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "CHUNK_OVERLAP=2000", "MAX_TOP_K=0", "RATE_LIMIT_RPS=-1")
	s := w.spawn(t, buildHTTP, nil)
	s.wait(t)
	if s.err == nil {
		t.Error("the shell ended with exit code 0, want another")
	}
	s.logs.mustSay(t, "CHUNK_OVERLAP", "MAX_TOP_K", "RATE_LIMIT_RPS")
}

func TestAShellWithKeysThatAreNotUnderstoodDoesNotStart(t *testing.T) {
	t.Parallel()
	for setting, says := range map[string]string{
		`API_KEYS_CONFIG={"s3cret": ["ask"]`:                                                "API_KEYS_CONFIG must be valid JSON",
		`API_KEYS_CONFIG={"s3cret": "ask"}`:                                                 "API_KEYS_CONFIG: entry 1",
		`RBAC_CONFIG={"roles": {"a": {"inherits_from": "b"}, "b": {"inherits_from": "a"}}}`: "circle",
	} {
		for _, build := range []func() (string, error){buildHTTP, buildWorker} {
			s := newWorld(t).spawn(t, build, []string{setting})
			s.wait(t)
			if s.err == nil {
				t.Errorf("with %s the shell ended with exit code 0, want another", setting)
			}
			for _, line := range s.logs.all() {
				if strings.Contains(line.raw, "s3cret") || line.Message == "listening" {
					t.Errorf("with %s the shell logs %s", setting, line.raw)
				}
			}
			s.logs.mustSay(t, says)
		}
	}
}
