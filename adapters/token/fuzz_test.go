package token

import (
	"testing"
	"time"
)

func FuzzParseOfAHashAcceptsOnlyWhatItWrites(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=064,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		h, ok := parse(s)
		if !ok {
			return
		}
		if h.String() != s {
			t.Errorf("parse(%q) writes back %q", s, h.String())
		}
		if err := h.cost.check(); err != nil {
			t.Errorf("parse(%q) let a cost through: %v", s, err)
		}
	})
}

func FuzzVerifyAcceptsOnlyWhatIsSigned(f *testing.F) {
	j := &JWT{secret: []byte("0123456789abcdef")}
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := j.Verify(s, time.Unix(0, 0)); err == nil {
			t.Errorf("Verify(%q) = %+v, want an error", s, c)
		}
	})
}
