package token_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/token"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

const secret = "0123456789abcdef"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newJWT(t *testing.T) *token.JWT {
	t.Helper()
	j, err := token.NewJWT(secret)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func someone() identity.Claims {
	return identity.Claims{
		User: uuid.MustParse("01890000-0000-7000-8000-000000000001"), Email: "eva@example.org", Role: identity.Employee,
		Version: 7, IssuedAt: noon, Expires: noon.Add(30 * time.Minute),
	}
}

func TestATokenSaysWhatItWasIssuedFor(t *testing.T) {
	t.Parallel()
	j := newJWT(t)
	issued, err := j.Issue(someone())
	if err != nil {
		t.Fatal(err)
	}
	got, err := j.Verify(issued, noon.Add(29*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(someone(), got); diff != "" {
		t.Errorf("Verify(Issue(c)) mismatch (-want +got):\n%s", diff)
	}
}

func TestATokenLivesUntilItsEndAndNotLonger(t *testing.T) {
	t.Parallel()
	j := newJWT(t)
	c := someone()
	c.Expires = c.Expires.Add(400 * time.Millisecond)
	issued, err := j.Issue(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Verify(issued, c.Expires); err != nil {
		t.Errorf("Verify at the very end = %v, want none: the times in a token are rounded up", err)
	}
	if _, err := j.Verify(issued, c.Expires.Add(time.Second)); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("Verify after the end = %v, want fault.Unauthenticated", err)
	}
}

func TestAForgedTokenIsRefused(t *testing.T) {
	t.Parallel()
	good := func() jwt.MapClaims {
		return jwt.MapClaims{
			"sub": someone().User.String(), "email": "eva@example.org", "role": "employee", "typ": "access", "ver": 7,
			"iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
		}
	}
	but := func(name string, value any) jwt.MapClaims {
		c := good()
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return c
	}
	sign := func(m jwt.SigningMethod, key any, c jwt.MapClaims) string {
		s, err := jwt.NewWithClaims(m, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	hs256 := func(c jwt.MapClaims) string { return sign(jwt.SigningMethodHS256, []byte(secret), c) }
	if _, err := newJWT(t).Verify(hs256(good()), noon); err != nil {
		t.Fatalf("Verify of the pattern = %v, want none", err)
	}
	for name, forged := range map[string]string{
		"empty":            "",
		"no token":         "a.b.c",
		"enormous":         strings.Repeat("x", 1<<20),
		"another secret":   sign(jwt.SigningMethodHS256, []byte("fedcba9876543210"), good()),
		"another HMAC":     sign(jwt.SigningMethodHS512, []byte(secret), good()),
		"not signed":       sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()),
		"changed":          hs256(good())[1:],
		"no subject":       hs256(but("sub", nil)),
		"subject no id":    hs256(but("sub", "eva")),
		"subject nobody":   hs256(but("sub", uuid.Nil.String())),
		"no e-mail":        hs256(but("email", nil)),
		"no role":          hs256(but("role", nil)),
		"unknown role":     hs256(but("role", "root")),
		"no type":          hs256(but("typ", nil)),
		"another type":     hs256(but("typ", "refresh")),
		"no expiry":        hs256(but("exp", nil)),
		"expired":          hs256(but("exp", noon.Unix())),
		"fractional":       hs256(but("ver", 1.5)),
		"not yet valid":    hs256(but("nbf", noon.Add(time.Minute).Unix())),
		"trailing garbage": hs256(good()) + ".",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newJWT(t).Verify(forged, noon)
			if !errors.Is(err, fault.Unauthenticated) {
				t.Fatalf("Verify = %v, want fault.Unauthenticated", err)
			}
			if got := fault.Of(err).Text; got != "the token is not valid" {
				t.Errorf("the text for the caller is %q, which tells more than needed", got)
			}
		})
	}
}

func TestAShortSecretIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := token.NewJWT(secret[1:]); err == nil {
		t.Error("NewJWT of 15 bytes = nil, want an error")
	}
}

// cheap keeps tests fast.
func cheap(t *testing.T, concurrent int) *token.Argon2 {
	t.Helper()
	h, err := token.NewArgon2(&token.Argon2Options{Time: 1, Memory: 64, Threads: 1, Concurrent: concurrent})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAPasswordMatchesItsOwnHashOnly(t *testing.T) {
	t.Parallel()
	h := cheap(t, 2)
	first, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("two hashes of one password are the same: there is no salt")
	}
	for password, want := range map[string]bool{"correct horse": true, "Correct horse": false, "": false} {
		got, err := h.Matches(t.Context(), password, first)
		if err != nil || got != want {
			t.Errorf("Matches(%q) = %v, %v, want %v", password, got, err, want)
		}
	}
}

func TestTheDefaultCostIsTheOneOfTheRecommendation(t *testing.T) {
	t.Parallel()
	h, err := token.NewArgon2(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if want := "$argon2id$v=19$m=65536,t=3,p=4$"; !strings.HasPrefix(got, want) {
		t.Errorf("Hash = %q, want the prefix %q", got, want)
	}
}

// The hash is a vector of the reference implementation's own test suite: "password" with the salt "somesalt".
func TestAHashOfAnotherCostIsChecked(t *testing.T) {
	t.Parallel()
	const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := cheap(t, 2)
	if got, err := h.Matches(t.Context(), "password", known); err != nil || !got {
		t.Errorf("Matches = %v, %v, want true", got, err)
	}
}

func TestAHashIsOutdatedWhenItIsWeakerThanANewOne(t *testing.T) {
	t.Parallel()
	h, err := token.NewArgon2(&token.Argon2Options{Time: 2, Memory: 64, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	salt, key := strings.Repeat("A", 22), strings.Repeat("A", 43)
	for hash, want := range map[string]bool{
		fresh: false,
		"$argon2id$v=19$m=64,t=2,p=2$" + salt + "$" + key:          false,
		"$argon2id$v=19$m=65,t=3,p=2$" + salt + "$" + key:          false,
		"$argon2id$v=19$m=64,t=2,p=1$" + salt + "$" + key:          false, // as hard to guess
		"$argon2id$v=19$m=63,t=3,p=2$" + salt + "$" + key:          true,
		"$argon2id$v=19$m=65,t=1,p=2$" + salt + "$" + key:          true,
		"$argon2id$v=19$m=64,t=2,p=2$" + "c29tZXNhbHQ" + "$" + key: true,
		"$argon2id$v=19$m=64,t=2,p=2$" + salt + "$" + salt:         true,
		"": true,
	} {
		if got := h.Outdated(hash); got != want {
			t.Errorf("Outdated(%q) = %v, want %v", hash, got, want)
		}
	}
}

func TestAMalformedHashNeverMatches(t *testing.T) {
	t.Parallel()
	h := cheap(t, 2)
	const salt, key = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	zero := strings.Repeat("A", 43)
	for _, bad := range []string{
		"", "x", "$", "$2b$10$abcdefghijklmnopqrstuv",
		"$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=1,p=256$" + salt + "$" + key,
		"$argon2id$v=19$m=7,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=99999999,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$t=1,m=64,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=+64,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=1,p=1$" + salt + "=$" + key,
		"$argon2id$v=19$m=64,t=1,p=1$$" + key,
		"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key + "$",
		"$argon2id$v=19$m=64,t=1,p=1$!!!!!!!!!!!!$" + zero,
	} {
		got, err := h.Matches(t.Context(), "password", bad)
		if err != nil || got {
			t.Errorf("Matches(%q) = %v, %v, want false and no error", bad, got, err)
		}
	}
}

func TestWaitingForAHashEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := cheap(t, 1)
	if _, err := h.Hash(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash = %v, want context.Canceled", err)
	}
	if _, err := h.Matches(ctx, "correct horse", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Matches = %v, want context.Canceled", err)
	}
}

func TestManyHashesAtOnceAllSucceed(t *testing.T) {
	t.Parallel()
	h := cheap(t, 2)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			hash, err := h.Hash(t.Context(), "correct horse")
			if err != nil {
				t.Error(err)
				return
			}
			if ok, err := h.Matches(t.Context(), "correct horse", hash); err != nil || !ok {
				t.Errorf("Matches = %v, %v, want true", ok, err)
			}
		})
	}
	all.Wait()
}

func TestWhenTooManyWaitTheNextIsToldToComeBack(t *testing.T) {
	t.Parallel()
	h, err := token.NewArgon2(&token.Argon2Options{Time: 8, Memory: 1 << 10, Threads: 1, Concurrent: 1, Waiting: 1})
	if err != nil {
		t.Fatal(err)
	}
	var done, refused atomic.Int64
	for range 100 { // once is enough, unless they happen to come one after the other
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := h.Hash(t.Context(), "correct horse")
				f := fault.Of(err)
				switch {
				case err == nil:
					done.Add(1)
				case f != nil && f.Kind == fault.Unavailable && f.RetryAfter > 0:
					refused.Add(1)
				default:
					t.Errorf("Hash = %v", err)
				}
			})
		}
		all.Wait()
		if refused.Load() > 0 {
			break
		}
	}
	if done.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d were done and %d refused, want some of both", done.Load(), refused.Load())
	}
	if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
		t.Errorf("when nobody waits: %v", err)
	}
}

func TestAnImpossibleCostIsRefused(t *testing.T) {
	t.Parallel()
	for _, o := range []token.Argon2Options{
		{Time: -1}, {Time: 65}, {Memory: 8}, {Memory: 2 << 20}, {Threads: 256}, {Threads: -1}, {Concurrent: -1},
	} {
		if _, err := token.NewArgon2(&o); err == nil {
			t.Errorf("NewArgon2(%+v) = nil, want an error", o)
		}
	}
}

func TestAFingerprintIsTheSHA256InHex(t *testing.T) {
	t.Parallel()
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, appendix B.1
	if got := cheap(t, 1).Fingerprint("abc"); got != want {
		t.Errorf("Fingerprint(abc) = %s, want %s", got, want)
	}
}
