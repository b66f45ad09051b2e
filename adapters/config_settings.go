package adapters

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// Setting is one setting as an operator sees it.
type Setting struct {
	Name    string // the variable
	Value   string // what is in force; secrets are hidden
	Default bool   // the value is the one that holds when nothing is set
	Secret  bool
	Meaning string
}

// hidden stands for a secret.
const hidden = "(hidden)"

// Settings lists every setting in force, in the order of their declaration in Config.
func (c Config) Settings() []Setting {
	normal := fields(reflect.ValueOf(c.defaults()))
	var out []Setting
	for i, f := range fields(reflect.ValueOf(c)) {
		s := Setting{
			Name: f.name(), Value: f.text(), Meaning: f.Tag.Get("desc"), Secret: f.Tag.Get("secret") == "true",
			Default: reflect.DeepEqual(f.value.Interface(), normal[i].value.Interface()),
		}
		if s.Secret && s.Value != "" {
			s.Value = hidden
		}
		s.Value = Redact(s.Value)
		out = append(out, s)
	}
	return out
}

// defaults is the configuration when nothing is set. What derives from the folder derives from the present one.
func (c Config) defaults() Config {
	unset, err := ConfigFrom(nil)
	if err == nil {
		folder := unset.Data.Dir
		unset, err = ConfigFrom(map[string]string{"DATA_DIR": c.Data.Dir})
		unset.Data.Dir = folder
	}
	if err != nil {
		panic(fmt.Sprintf("the default configuration is wrong: %v", err)) // a programming mistake, which a test would find
	}
	return unset
}

// text is the value as it would stand in the environment.
func (f field) text() string {
	if list, ok := f.value.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(f.value.Interface())
}

// Where secrets may stand in a URL.
var (
	userInfo    = regexp.MustCompile(`(://)[^/\s]*@`)
	secretParam = regexp.MustCompile(`(?i)([?&][^=&]*(?:password|secret|token|key|credential)[^=&]*=)[^&#]*`)
)

// Redact hides what may be a secret in the URLs of a text.
func Redact(s string) string {
	return secretParam.ReplaceAllString(userInfo.ReplaceAllString(s, "${1}"+hidden+"@"), "${1}"+hidden)
}
