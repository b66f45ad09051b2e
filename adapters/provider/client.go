// Package provider is the ground that the adapters of models over HTTP stand on: one call that sends JSON and reads JSON or
// server-sent events, within limits, and one place that decides which kind of error each way of failing is.
//
// What a provider writes never reaches a user: it goes into the cause of an error, shortened and with the secrets of the
// client removed. Redirects are not followed, since a key must not travel to where nobody sent it.
package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Server says who is asked.
type Server struct {
	Name    string      // how errors call it; no secret
	Base    string      // what the paths of calls are added to: http or https, perhaps with user info or a query
	Header  http.Header // set on every request
	Secret  string      // the key that Header carries; no error ever shows it
	Explain Explain     // reads the provider's errors
}

// Explain reads the body that came with an error, or as an error inside a stream.
type Explain func(body []byte) Refusal

// Options are the settings of a Client; nil means defaults.
type Options struct {
	// HTTP makes the requests; redirects are not followed, whatever it says. Defaults to a client of its own, which keeps
	// connections and has no timeout, since contexts have.
	HTTP *http.Client
	// MaxBytes is how long an answer may be, in bytes. Defaults to 64 MiB.
	MaxBytes int64
	// Now tells the time, for dates in Retry-After. Defaults to time.Now.
	Now func() time.Time
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Transport: transport()}
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 64 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// transport keeps as many connections as there may be calls at once to one host; the standard one keeps two.
func transport() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := standard.Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// Client calls one provider. It is safe for concurrent use.
type Client struct {
	server  Server
	base    *url.URL
	http    *http.Client
	max     int64
	now     func() time.Time
	secrets *strings.Replacer
}

// New makes a Client. fault.Invalid when the base is no URL of http or https; the error does not repeat it.
func New(s Server, o *Options) (*Client, error) {
	base, err := url.Parse(s.Base)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "" {
		return nil, fault.Invalid.Errorf("the address of a model server must be a URL such as http://localhost:11434/v1")
	}
	opts := o.withDefaults()
	h := *opts.HTTP
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		server: s, base: base, http: &h, max: opts.MaxBytes, now: opts.Now, secrets: hiding(append(secretsIn(base), s.Secret)),
	}, nil
}

// secretsIn lists what may be secret in a URL. Short values are none, and hiding them would garble everything.
func secretsIn(u *url.URL) []string {
	var out []string
	if password, ok := u.User.Password(); ok {
		out = append(out, password)
	}
	for _, values := range u.Query() {
		for _, v := range values {
			if len(v) >= 6 {
				out = append(out, v)
			}
		}
	}
	return out
}

func hiding(secrets []string) *strings.Replacer {
	var pairs []string
	for _, s := range secrets {
		if s != "" {
			pairs = append(pairs, s, "(hidden)")
		}
	}
	return strings.NewReplacer(pairs...)
}

// Ask posts in as JSON to a path under the base and decodes the answer into out. A path may carry a query. Errors are those
// of Refused for an answer that is none, fault.Unavailable for everything that the network does, and the context's own error,
// without a kind, when ctx ends.
func (c *Client) Ask(ctx context.Context, path string, in, out any) error {
	resp, err := c.post(ctx, path, in, "application/json")
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	raw, err := io.ReadAll(&limited{r: resp.Body, left: c.max})
	if err != nil {
		return c.lost(ctx, err)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return c.Broken("the answer is not what it should be: %v", err)
	}
	return nil
}

// post sends in and returns the answer if it is a success of the wanted media type. The caller closes its body.
func (c *Client) post(ctx context.Context, path string, in any, want string) (*http.Response, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(in); err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.server.Name, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address(path), &body)
	if err != nil {
		return nil, fmt.Errorf("ask %s: the address is wrong", c.server.Name) // the reason would repeat it
	}
	for name, values := range c.server.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", want)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	if err := c.check(resp, want); err != nil {
		_ = resp.Body.Close() // the error says more
		return nil, err
	}
	return resp, nil
}

// address is the URL of a path under the base; the queries of both count.
func (c *Client) address(path string) string {
	path, query, _ := strings.Cut(path, "?")
	u := c.base.JoinPath(path)
	if u.RawQuery != "" && query != "" {
		query = "&" + query
	}
	u.RawQuery += query
	return u.String()
}

// refusalBytes is how much of an error is read: enough for what anybody has to say.
const refusalBytes = 64 << 10

func (c *Client) check(resp *http.Response, want string) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, refusalBytes)) // what can be read of it is enough
		r := Refusal{}
		if got := mediaType(resp); got == "" || strings.HasSuffix(got, "json") {
			r = c.server.Explain(body)
		}
		if d := retryAfter(resp.Header.Get("Retry-After"), c.now()); d > 0 {
			r.RetryAfter = d
		}
		return c.Refused(resp.StatusCode, r)
	}
	if got := mediaType(resp); got != want && got != "" {
		return c.Broken("the answer is of type %s, not %s", got, want)
	}
	return nil
}

// Explained is what the provider says in the body of an error.
func (c *Client) Explained(body []byte) Refusal { return c.server.Explain(body) }

// Name is how errors call the provider.
func (c *Client) Name() string { return c.server.Name }

func mediaType(resp *http.Response) string {
	header := resp.Header.Get("Content-Type")
	t, _, err := mime.ParseMediaType(header)
	if err != nil && header != "" {
		return "unknown"
	}
	return t
}

var errTooLong = errors.New("the answer is too long")

// limited ends with errTooLong when more than left bytes come; io.LimitReader would end as if all were well.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLong
	}
	return n, err
}
