package adapters

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// ConfigFromEnv reads the configuration from the process's environment and reports all mistakes at once.
func ConfigFromEnv() (Config, error) {
	return ConfigFrom(env.ToMap(os.Environ()))
}

// ConfigFrom is ConfigFromEnv with an environment of the caller's. A variable that is empty is as good as not set.
func ConfigFrom(environment map[string]string) (Config, error) {
	known, unreadable := readable(environment)
	var c Config
	if err := readInto(&c, known); err != nil {
		return Config{}, err
	}
	c.Env = strings.ToLower(strings.TrimSpace(c.Env))
	c.Data.DatabaseURL = orElse(c.Data.DatabaseURL, "sqlite:"+filepath.Join(c.Data.Dir, "ragcorp.db"))
	if known["AUTO_MIGRATE"] == "" {
		c.Data.AutoMigrate = strings.HasPrefix(c.Data.DatabaseURL, "sqlite:")
	}
	c.Data.BlobURL = orElse(c.Data.BlobURL, c.usualBlobs())
	c.Data.EmbedURL = orElse(c.Data.EmbedURL, c.Models.usual("gemini:gemini-embedding-001"))
	c.Data.LLMURL = orElse(c.Data.LLMURL, c.Models.usual("gemini:gemini-2.5-flash"))
	c.Contexts.URL = strings.TrimSpace(orElse(c.Contexts.URL, c.Data.LLMURL))
	c.Rerank.URL = strings.TrimSpace(orElse(c.Rerank.URL, usualReranker(c.Data.EmbedURL)))
	c.Queue.URL = orElse(c.Queue.URL, orElse(c.Queue.RedisURL, noQueue))
	if err := errors.Join(append(unreadable, c.validate()...)...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// readable returns the variables that can be read as what they should be, and what is wrong with the others. A variable that
// can't be read counts as not set, so that no rule complains about it once more.
func readable(environment map[string]string) (map[string]string, []error) {
	known := maps.Clone(environment)
	var errs []error
	for _, f := range fields(reflect.ValueOf(Config{})) {
		if value := known[f.name()]; strings.TrimSpace(value) == "" {
			delete(known, f.name())
		} else if readInto(&Config{}, map[string]string{f.name(): value}) != nil {
			errs = append(errs, fmt.Errorf("%s must be %s", f.name(), f.kind()))
			delete(known, f.name())
		}
	}
	return known, errs
}

func readInto(c *Config, environment map[string]string) error {
	if environment == nil {
		environment = map[string]string{} // nil would mean the process's own
	}
	return env.ParseWithOptions(c, env.Options{Environment: environment, FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[bool](): func(s string) (any, error) { return parseBool(s) },
	}})
}

func parseBool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "true", "t", "yes", "y", "on":
		return true, nil
	case "0", "false", "f", "no", "n", "off":
		return false, nil
	}
	return false, errors.New("neither yes nor no")
}

func orElse(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}

// usualBlobs is where files are when it isn't said: in the bucket that S3_BUCKET names, or else in the folder.
func (c Config) usualBlobs() string {
	if bucket := strings.TrimSpace(c.S3.Bucket); bucket != "" {
		return "s3://" + bucket
	}
	return "file:" + filepath.ToSlash(filepath.Join(c.Data.Dir, "blobs"))
}

// usual is the model to use when none is named: Google's when there is a key for it.
func (m ModelConfig) usual(google string) string {
	if strings.TrimSpace(m.GoogleKey) != "" {
		return google
	}
	return "offline:"
}

// field is one setting in a Config.
type field struct {
	reflect.StructField

	value reflect.Value
}

// fields lists the settings of a Config in the order of their declaration.
func fields(v reflect.Value) []field {
	var out []field
	for i := range v.NumField() {
		f := field{v.Type().Field(i), v.Field(i)}
		switch {
		case f.name() != "":
			out = append(out, f)
		case f.Type.Kind() == reflect.Struct:
			out = append(out, fields(f.value)...)
		}
	}
	return out
}

// name is the setting's variable.
func (f field) name() string { return f.Tag.Get("env") }

// kind says what a value of the setting looks like.
func (f field) kind() string {
	if f.Type == reflect.TypeFor[time.Duration]() {
		return "a duration such as 30s or 5m"
	}
	switch f.Type.Kind() { //nolint:exhaustive // the others don't occur; a test holds the rest to that
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "text"
}
