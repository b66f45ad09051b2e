package provider

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func read(r io.Reader) ([]string, error) {
	var out []string
	for data, err := range events(r) {
		if err != nil {
			return out, err
		}
		out = append(out, string(data))
	}
	return out, nil
}

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, stream string
		want         []string
	}{
		{"nothing", "", nil},
		{"one", "data: a\n\n", []string{"a"}},
		{"without a space", "data:a\n\n", []string{"a"}},
		{"only one space is taken away", "data:  a\n\n", []string{" a"}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"a", "b"}},
		{"several lines", "data: a\ndata: b\n\n", []string{"a\nb"}},
		{"an empty line of data", "data:\ndata\n\n", []string{"\n"}},
		{"comments and other fields", ": busy\n\nevent: x\nid: 7\nretry: 10\ndata: a\n\n: bye\n\n", []string{"a"}},
		{"fields that begin alike", "database: a\n\n", nil},
		{"a byte order mark", "\ufeffdata: a\n\n", []string{"a"}},
		{"many blank lines", "\n\n\ndata: a\n\n\n\n", []string{"a"}},
		{"the end cuts an event", "data: a\n\ndata: {\"b", []string{"a", "{\"b"}},
		{"the end cuts the line after", "data: a\n", []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(strings.NewReader(c.stream))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventsEndWithTheErrorOfTheConnection(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	got, err := read(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || !cmp.Equal(got, []string{"a"}) {
		t.Errorf("events = %q, %v, want a and the error", got, err)
	}
}

func TestALineWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	for _, endless := range []string{strings.Repeat("x", maxLine+1), strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 2000)} {
		if _, err := read(strings.NewReader(endless)); !errors.Is(err, errTooLong) {
			t.Errorf("error = %v, want %v", err, errTooLong)
		}
	}
}

func FuzzEventsDoNotDependOnWhereTheStreamIsCut(f *testing.F) {
	f.Add("data: a\n\ndata: b\r\n\r\n: c\ndata")
	f.Add("\ufeffdata:a\ndata:b\n\n\ndata: \n\n")
	f.Fuzz(func(t *testing.T, stream string) {
		whole, err := read(strings.NewReader(stream))
		cut, cutErr := read(iotest.OneByteReader(strings.NewReader(stream)))
		if diff := cmp.Diff(whole, cut); diff != "" || !errors.Is(cutErr, err) {
			t.Errorf("%v, %v; events (-whole +cut):\n%s", err, cutErr, diff)
		}
	})
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		" 1.5 ":                         1500 * time.Millisecond,
		"-3":                            0,
		"NaN":                           0,
		"soon":                          0,
		"1e99":                          maxRetryAfter,
		"Fri, 01 May 2026 12:00:20 GMT": 20 * time.Second,
		"Fri, 01 May 2026 11:00:00 GMT": 0,
		"Fri, 01 May 2099 11:00:00 GMT": maxRetryAfter,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("retryAfter(%q) = %s, want %s", header, got, want)
		}
	}
}

func TestVectorsAreScaledToUnitLengthOrRefused(t *testing.T) {
	t.Parallel()
	var n Numbers
	if err := n.UnmarshalJSON([]byte("[3, 4]")); err != nil {
		t.Fatal(err)
	}
	if v, ok := n.Unit(); !ok || v[0] != 0.6 || v[1] != 0.8 {
		t.Errorf("Unit() = %v, %v, want 0.6 and 0.8", v, ok)
	}
	if v, ok := (Numbers{0, 0}).Unit(); ok {
		t.Errorf("Unit() of zeros = %v, want none", v)
	}
	if v, ok := (Numbers{}).Unit(); ok {
		t.Errorf("Unit() of nothing = %v, want none", v)
	}
	for _, raw := range []string{"[1, null]", "null", "[1e60]", `["1"]`} {
		if err := new(Numbers).UnmarshalJSON([]byte(raw)); err == nil {
			t.Errorf("UnmarshalJSON(%s) accepts it", raw)
		}
	}
}

func TestAddressesKeepTheirQueries(t *testing.T) {
	t.Parallel()
	explain := func([]byte) Refusal { return Refusal{} }
	for _, c := range []struct{ base, path, want string }{
		{"http://h/v1", "a", "http://h/v1/a"},
		{"http://h/v1/", "m/x:do?alt=sse", "http://h/v1/m/x:do?alt=sse"},
		{"https://h/v1?version=1", "a", "https://h/v1/a?version=1"},
		{"https://h?version=1", "a?b=c", "https://h/a?version=1&b=c"},
	} {
		client, err := New(Server{Base: c.base, Explain: explain}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := client.address(c.path); got != c.want {
			t.Errorf("address of %s under %s = %s, want %s", c.path, c.base, got, c.want)
		}
	}
	for _, base := range []string{"", "localhost:11434", "ftp://h", "http://", "http://%zz"} {
		if _, err := New(Server{Base: base, Explain: explain}, nil); err == nil {
			t.Errorf("New accepts %q", base)
		}
	}
}

func TestWordsOfOthersAreShortOneLineAndWithoutSecrets(t *testing.T) {
	t.Parallel()
	c, err := New(Server{Base: "https://me:pass-word@h/v1?code=sesame-open", Secret: "sk-123"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := c.quote("no\n\tkey sk-123, pass-word\x1b[31m or sesame-open " + strings.Repeat("é", 500))
	if strings.Contains(got, "sk-123") || strings.Contains(got, "pass-word") || strings.Contains(got, "sesame") || strings.ContainsAny(got, "\n\x1b") {
		t.Errorf("quote = %q", got)
	}
	if n := len([]rune(got)); n != quoted+1 {
		t.Errorf("quote has %d characters", n)
	}
}
