package document

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

const (
	maxMetadataBytes = 64 << 10
	maxExternalID    = 500 // characters
	maxTags          = 100
	maxTagChars      = 100
	maxDepth         = 50 // databases refuse to look into JSON that is nested without end
)

// Details is what a client says about a document.
type Details struct {
	Title    string         // blank means the file's name
	Source   string         // where it comes from, such as a URL
	Metadata map[string]any // "tags" and "allowed_roles" in it have a meaning; see Document

	ExternalID string  // the client's name for the document; see Service.Accept
	Replace    Replace // which document these bytes replace; see Service.Accept
}

// describe checks details and writes them to d.
func (s *Service) describe(d *Document, in Details) error {
	title, source, external := strings.TrimSpace(in.Title), strings.TrimSpace(in.Source), strings.TrimSpace(in.ExternalID)
	for _, f := range []struct{ name, text string }{{"title", title}, {"source", source}, {"external_id", external}} {
		if !utf8.ValidString(f.text) || strings.ContainsRune(f.text, 0) {
			return fault.Field(f.name, "must be valid text")
		}
	}
	if utf8.RuneCountInString(source) > s.opts.MaxSource {
		return fault.Field("source", "is too long")
	}
	if utf8.RuneCountInString(external) > maxExternalID {
		return fault.Field("external_id", "is too long")
	}
	if in.Metadata == nil {
		in.Metadata = map[string]any{}
	}
	if err := checkMetadata(in.Metadata); err != nil {
		return err
	}
	tags, err := tagsOf(in.Metadata["tags"])
	if err != nil {
		return err
	}
	roles, err := rolesOf(in.Metadata["allowed_roles"])
	if err != nil {
		return err
	}
	d.Title, d.Source, d.Metadata, d.Tags, d.AllowedRoles = title, source, in.Metadata, tags, roles
	d.ExternalID = external
	return nil
}

func checkMetadata(m map[string]any) error {
	raw, err := json.Marshal(m)
	switch {
	case err != nil:
		return fault.Field("metadata", "must be a JSON object")
	case len(raw) > maxMetadataBytes:
		return fault.Field("metadata", "is too large")
	case strings.Contains(string(raw), `\u0000`):
		return fault.Field("metadata", "must be valid text")
	case depth(m, maxDepth) > maxDepth:
		return fault.Field("metadata", "is nested too deeply")
	}
	return nil
}

// depth says how deeply lists and objects are nested in v; it looks no deeper than one level below most.
func depth(v any, most int) int {
	if most < 0 {
		return 0
	}
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			deepest = max(deepest, 1+depth(inner, most-1))
		}
	case []any:
		for _, inner := range v {
			deepest = max(deepest, 1+depth(inner, most-1))
		}
	}
	return deepest
}

// tagsOf reads tags from metadata: a string or a list of strings, trimmed, each once.
func tagsOf(v any) ([]string, error) {
	list, ok := stringsOf(v)
	if !ok {
		return nil, fault.Field("metadata.tags", "must be a list of strings")
	}
	tags := make([]string, 0, len(list))
	for _, t := range list {
		t = strings.TrimSpace(t)
		if utf8.RuneCountInString(t) > maxTagChars {
			return nil, fault.Field("metadata.tags", "has a tag that is too long")
		}
		if t != "" && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	if len(tags) > maxTags {
		return nil, fault.Field("metadata.tags", "has too many tags")
	}
	return tags, nil
}

// rolesOf reads allowed roles from metadata. An unknown role is an error: leaving it out would open the document to all.
func rolesOf(v any) ([]identity.Role, error) {
	list, ok := stringsOf(v)
	if !ok {
		return nil, fault.Field("metadata.allowed_roles", "must be a list of roles")
	}
	roles := make([]identity.Role, 0, len(list))
	for _, name := range list {
		r := identity.Role(strings.ToLower(strings.TrimSpace(name)))
		if r != identity.Admin && r != identity.Employee {
			return nil, fault.Field("metadata.allowed_roles", "has an unknown role; the roles are admin and employee")
		}
		if !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	return roles, nil
}

// stringsOf reads nothing, a string, or a list of strings.
func stringsOf(v any) ([]string, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		return []string{v}, true
	case []string:
		return v, true
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, true
	}
	return nil, false
}

// DetailsPatch says what to change of a document; nil leaves a field as it is.
type DetailsPatch struct {
	Title    *string
	Source   *string
	Metadata map[string]any // replaces all of it
}

// apply changes d and says which fields it changed.
func (p DetailsPatch) apply(s *Service, d *Document) ([]string, error) {
	in := Details{Title: d.Title, Source: d.Source, Metadata: d.Metadata, ExternalID: d.ExternalID}
	changed := []string{}
	if p.Title != nil {
		if strings.TrimSpace(*p.Title) == "" {
			return nil, fault.Field("title", "must not be blank")
		}
		if utf8.RuneCountInString(strings.TrimSpace(*p.Title)) > s.opts.MaxTitle {
			return nil, fault.Field("title", "is too long")
		}
		in.Title, changed = *p.Title, append(changed, "title")
	}
	if p.Source != nil {
		in.Source, changed = *p.Source, append(changed, "source")
	}
	if p.Metadata != nil {
		in.Metadata, changed = p.Metadata, append(changed, "metadata")
	}
	if len(changed) == 0 {
		return nil, fault.Field("title", "or another field must be given")
	}
	return changed, s.describe(d, in)
}

// recorded puts an event about a document into its place.
func recorded(e event.Event, d Document) event.Event { return e.In(d.Workspace, d.ID.String()) }
