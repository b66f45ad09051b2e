package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// member is a name and a value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// parseObject returns the members of a JSON object in their order. It is stricter than encoding/json, because what it
// reads decides about access: the name of a member counts in its exact case and stands once, and nothing follows the
// object. Its errors continue a sentence and quote nothing of the text, which holds secrets.
func parseObject(text []byte) ([]member, error) {
	if err := wellFormed(text); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("must be a JSON object")
	}
	var members []member
	seen := make(map[string]bool)
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, errors.New("must be a JSON object")
		}
		if seen[name] {
			return nil, fmt.Errorf("must not have two members of one name: member %d repeats one before", len(members)+1)
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("must be valid JSON: member %d isn't", len(members)+1)
		}
		members = append(members, member{name, value})
	}
	return members, nil
}

func wellFormed(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("must be UTF-8")
	}
	var value any
	err := json.Unmarshal(text, &value)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("must be valid JSON: there is a mistake near byte %d", syntax.Offset)
	}
	if err != nil {
		return errors.New("must be valid JSON")
	}
	return nil
}

// parseStrings returns the strings of a JSON list of strings.
func parseStrings(raw json.RawMessage) ([]string, error) {
	var values []*string
	if err := json.Unmarshal(raw, &values); err != nil || values == nil {
		return nil, errors.New("must be a list of strings")
	}
	out := make([]string, len(values))
	for i, v := range values {
		if v == nil {
			return nil, errors.New("must be a list of strings")
		}
		out[i] = *v
	}
	return out, nil
}

// parseName returns a JSON string, empty for null.
func parseName(raw json.RawMessage) (string, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", errors.New("must be a string")
	}
	if s == nil {
		return "", nil
	}
	return *s, nil
}
