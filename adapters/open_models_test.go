package adapters_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/core/llm"
)

// secret is a key that no error may show.
const secret = "the-operators-secret-key"

func config(t *testing.T, env map[string]string) adapters.Config {
	t.Helper()
	c, err := adapters.ConfigFrom(env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestModelsAreChosenByURLAndKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env        map[string]string
		space, llm string
		dimension  int
	}{
		"nothing set":       {nil, "offline-hash-1", "offline-extractive-1", 512},
		"a key of Google":   {map[string]string{"GOOGLE_API_KEY": secret}, "gemini:gemini-embedding-001/768", "gemini:gemini-2.5-flash", 768},
		"one of the two":    {map[string]string{"GOOGLE_API_KEY": secret, "EMBED_URL": "offline:"}, "offline-hash-1", "gemini:gemini-2.5-flash", 512},
		"Google by name":    {map[string]string{"GOOGLE_API_KEY": secret, "EMBED_URL": "gemini:e", "EMBED_DIMENSION": "1536", "LLM_URL": "gemini:g"}, "gemini:e/1536", "gemini:g", 1536},
		"a server":          {map[string]string{"EMBED_URL": "openai:http://H:1/v1#e:2/x", "EMBED_DIMENSION": "3", "LLM_URL": "openai:https://h/v1#g"}, "openai:h:1/e:2/x", "openai:h/g", 3},
		"server and Google": {map[string]string{"GOOGLE_API_KEY": secret, "LLM_URL": "openai:http://me:" + secret + "@h/v1#g"}, "gemini:gemini-embedding-001/768", "openai:h/g", 768},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, conf := c, config(t, c.env)
			e, err := adapters.OpenEmbedder(conf)
			if err != nil {
				t.Fatal(err)
			}
			g, err := adapters.OpenGenerator(conf)
			if err != nil {
				t.Fatal(err)
			}
			got := e.Space()
			if got.Name != c.space || got.Dimension != c.dimension || g.Model() != c.llm {
				t.Errorf("space %+v, model %s; want %s of %d, %s", got, g.Model(), c.space, c.dimension, c.llm)
			}
		})
	}
}

func TestWrongModelsAreRefusedWithoutShowingSecrets(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"cohere:x":                          "unknown scheme; known are offline:, openai:BASE_URL#MODEL, gemini:MODEL",
		secret:                              "unknown scheme",
		"openai:gpt":                        "must be openai:BASE_URL#MODEL",
		"openai:http://me:" + secret + "@h": "must be openai:BASE_URL#MODEL",
		"openai:h?key=" + secret + "#m":     "must be a URL",
		"gemini:m":                          "there is no key",
		"gemini:":                           "no name",
	} {
		c := config(t, map[string]string{"EMBED_URL": url, "LLM_URL": url, "OPENAI_API_KEY": secret})
		_, err := adapters.OpenEmbedder(c)
		_, genErr := adapters.OpenGenerator(c)
		for _, text := range []string{fmt.Sprint(err), fmt.Sprint(genErr)} {
			if !strings.Contains(text, want) || !strings.Contains(text, "_URL") || strings.Contains(text, secret) {
				t.Errorf("%s: %s, want %s", url, text, want)
			}
		}
	}
}

func TestAServerIsAskedForTheDimensionThatIsNotSet(t *testing.T) {
	t.Parallel()
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path != "/v1/embeddings" || r.Header.Get("Authorization") != "Bearer "+secret:
			http.Error(w, `{"error":"`+secret+`"}`, http.StatusUnauthorized)
		case calls == 1:
			http.Error(w, "<html>", http.StatusBadGateway)
		default:
			fmt.Fprint(w, `{"data":[{"index":0,"embedding":[3,4]}]}`)
		}
	}))
	t.Cleanup(s.Close)
	env := map[string]string{
		"EMBED_URL": "openai:" + s.URL + "/v1#m", "OPENAI_API_KEY": secret, "RETRY_BASE_DELAY_SECONDS": "0.001",
	}
	e, err := adapters.OpenEmbedder(config(t, env))
	if err != nil {
		t.Fatal(err)
	}
	want := llm.Space{Name: "openai:" + strings.TrimPrefix(s.URL, "http://") + "/m", Dimension: 2}
	if diff := cmp.Diff(want, e.Space()); diff != "" || calls != 2 {
		t.Errorf("%d calls; Space (-want +got):\n%s", calls, diff)
	}
	env["OPENAI_API_KEY"] = "wrong-" + secret
	if _, err = adapters.OpenEmbedder(config(t, env)); err == nil || !strings.Contains(err.Error(), "EMBED_DIMENSION") || strings.Contains(err.Error(), secret) || calls != 3 {
		t.Errorf("OpenEmbedder with a wrong key: %v after %d calls", err, calls)
	}
}

func TestWrongSettingsOfModelsAreRefusedByName(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"EMBED_DIMENSION": "-1", "EMBED_QUERY_TIMEOUT": "1ms", "MODEL_TIMEOUT": "10ms", "RETRY_MAX_ATTEMPTS": "0", "RETRY_BASE_DELAY_SECONDS": "NaN",
		"RETRY_MAX_DELAY_SECONDS": "0", "MODEL_REQUESTS_PER_MINUTE": "-5", "MODEL_CONCURRENCY": "0",
	} {
		if _, err := adapters.ConfigFrom(map[string]string{name: value}); err == nil || !strings.HasPrefix(err.Error(), name+" must ") {
			t.Errorf("%s=%s: %v, want it refused by name", name, value, err)
		}
	}
}
