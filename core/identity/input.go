package identity

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Limits of input, in characters.
const (
	minEmail, maxEmail       = 3, 255
	minPassword, maxPassword = 8, 512
	maxKeyName               = 255
)

// problems collects everything that is wrong with an input, so that it can be said at once.
type problems []fault.FieldError

// check notes the rule that a field broke; an empty rule means that it broke none.
func (p *problems) check(field, rule string) {
	if rule != "" {
		*p = append(*p, fault.FieldError{Field: field, Rule: rule})
	}
}

// err returns nil, or an Invalid error about all of them.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	texts := make([]string, len(p))
	for i, f := range p {
		texts[i] = f.Field + " " + f.Rule
	}
	e := fault.Invalid.Errorf("%s", strings.Join(texts, "; "))
	e.Fields = p
	return e
}

func normalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// emailRule returns the rule that a normalised address breaks, or nothing. It is no check of syntax: admin@local is fine.
func emailRule(s string) string {
	if n := utf8.RuneCountInString(s); n < minEmail || n > maxEmail {
		return fmt.Sprintf("must have %d to %d characters", minEmail, maxEmail)
	}
	if at := strings.LastIndexByte(s, '@'); at < 1 || at == len(s)-1 {
		return "must have something before and after an @"
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "must not contain blanks, control characters or broken ones"
	}
	return ""
}

func passwordRule(s string) string {
	if n := utf8.RuneCountInString(s); n < minPassword || n > maxPassword {
		return fmt.Sprintf("must have %d to %d characters", minPassword, maxPassword)
	}
	return ""
}

func roleRule(r Role) string {
	if r != Admin && r != Employee {
		return fmt.Sprintf("must be %s or %s", Admin, Employee)
	}
	return ""
}

func keyNameRule(s string) string {
	if s == "" || utf8.RuneCountInString(s) > maxKeyName {
		return fmt.Sprintf("must have 1 to %d characters", maxKeyName)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }) {
		return "must not contain control characters or broken ones"
	}
	return ""
}

func permissionsRule(ps []Permission) string {
	if len(ps) == 0 {
		return "must not be empty"
	}
	for _, p := range ps {
		if !slices.Contains(Permissions(), p) {
			return "must each be one of " + listed(Permissions())
		}
	}
	return ""
}

func listed[S ~string](names []S) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	return strings.Join(texts, ", ")
}
