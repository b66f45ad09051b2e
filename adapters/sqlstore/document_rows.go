package sqlstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/text"
)

// documentRow is a row of documents.
type documentRow struct {
	bun.BaseModel `bun:"table:documents,alias:d"`

	ID            uuid.UUID       `bun:"id,pk"`
	Workspace     uuid.UUID       `bun:"workspace_id"`
	Title         string          `bun:"title"`
	TitleKey      string          `bun:"title_key"`
	Source        string          `bun:"source"`
	Tags          string          `bun:"tags"`
	AllowedRoles  string          `bun:"allowed_roles"`
	Uploader      *uuid.UUID      `bun:"uploaded_by_user_id"`
	FileName      string          `bun:"file_name"`
	MediaType     string          `bun:"media_type"`
	BlobKey       string          `bun:"blob_key"`
	Size          int64           `bun:"size"`
	Hash          string          `bun:"content_hash"`
	Run           int             `bun:"run"`
	Status        document.Status `bun:"status"`
	FailureCode   string          `bun:"failure_code"`
	FailureText   string          `bun:"failure_text"`
	Stage         document.Stage  `bun:"stage"`
	ProgressDone  int             `bun:"progress_done"`
	ProgressTotal int             `bun:"progress_total"`
	Generation    *int64          `bun:"generation_id"`
	Language      text.Language   `bun:"language"`
	Pages         int             `bun:"page_count"`
	Chunks        int             `bun:"chunk_count"`
	CreatedAt     int64           `bun:"created_at"`
	UpdatedAt     int64           `bun:"updated_at"`
	DeletedAt     *int64          `bun:"deleted_at"`
	Parent        *uuid.UUID      `bun:"parent_id"`
	Path          string          `bun:"inside_path"`
	ExternalID    string          `bun:"external_id"`
	Metadata      string          `bun:"metadata"`
	Properties    string          `bun:"properties"`
	SearchKey     string          `bun:"search_key"`
}

// rowOfDocument is the row of a document without an outcome.
func rowOfDocument(d document.Document) (documentRow, error) {
	if d.Metadata == nil {
		d.Metadata = map[string]any{}
	}
	metadata, err := json.Marshal(d.Metadata)
	if err != nil {
		return documentRow{}, fmt.Errorf("encode metadata of %s: %w", d.ID, err)
	}
	tags, err := json.Marshal(append([]string{}, d.Tags...)) // [] rather than null
	if err != nil {
		return documentRow{}, fmt.Errorf("encode tags of %s: %w", d.ID, err)
	}
	roles, err := json.Marshal(append([]identity.Role{}, d.AllowedRoles...))
	if err != nil {
		return documentRow{}, fmt.Errorf("encode allowed roles of %s: %w", d.ID, err)
	}
	key, err := searchKey(d.Source, d.Original.Name, metadata)
	if err != nil {
		return documentRow{}, fmt.Errorf("read metadata of %s: %w", d.ID, err)
	}
	return documentRow{
		ID: d.ID, Workspace: d.Workspace, Title: d.Title, TitleKey: strings.ToLower(d.Title), Source: d.Source,
		Tags: string(tags), AllowedRoles: string(roles), Uploader: nullable(d.Uploader),
		FileName: d.Original.Name, MediaType: d.Original.MediaType, BlobKey: d.Original.Key, Size: d.Original.Size,
		Hash: d.Hash, Run: d.Run, Status: d.Status, FailureCode: d.Failure.Code, FailureText: d.Failure.Text,
		Stage: d.Stage, ProgressDone: d.Progress.Done, ProgressTotal: d.Progress.Total,
		CreatedAt: micros(d.CreatedAt), UpdatedAt: micros(d.UpdatedAt), DeletedAt: nullMicros(d.DeletedAt),
		Parent: nullable(d.Parent), Path: d.Path, ExternalID: d.ExternalID, Metadata: string(metadata), Properties: "{}", SearchKey: key,
	}, nil
}

// encodeProperties is how properties are stored; none are {}.
func encodeProperties(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "{}", nil
	}
	out, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encode properties: %w", err)
	}
	return string(out), nil
}

// fixed takes over what a person's change can't touch: which document it is, and what the pipeline made of it.
func (r *documentRow) fixed(old documentRow) {
	r.ID, r.Workspace, r.CreatedAt = old.ID, old.Workspace, old.CreatedAt
	r.Generation, r.Language, r.Pages, r.Chunks = old.Generation, old.Language, old.Pages, old.Chunks
	r.Parent, r.Path, r.Properties = old.Parent, old.Path, old.Properties
}

// document fails on a row whose roles can't be read: one whose restrictions are unknown must not be shown.
func (r *documentRow) document() (document.Document, error) {
	d := document.Document{
		ID: r.ID, Workspace: r.Workspace, Title: r.Title, Source: r.Source, Uploader: value(r.Uploader), Parent: value(r.Parent),
		Path: r.Path, ExternalID: r.ExternalID,
		Original: document.Original{Name: r.FileName, MediaType: r.MediaType, Key: r.BlobKey, Size: r.Size},
		Hash:     r.Hash, Run: r.Run, Status: r.Status,
		Failure:   document.Failure{Code: r.FailureCode, Text: r.FailureText},
		Progress:  document.Progress{Stage: r.Stage, Done: r.ProgressDone, Total: r.ProgressTotal},
		Outcome:   document.Outcome{Language: r.Language, Pages: r.Pages, Chunks: r.Chunks},
		CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt), DeletedAt: nullMoment(r.DeletedAt),
	}
	if r.Generation != nil {
		d.Generation = *r.Generation
	}
	if err := json.Unmarshal([]byte(r.Metadata), &d.Metadata); err != nil {
		return document.Document{}, fmt.Errorf("metadata of document %s: %w", r.ID, err)
	}
	if r.Properties != "{}" {
		if err := json.Unmarshal([]byte(r.Properties), &d.Properties); err != nil {
			return document.Document{}, fmt.Errorf("properties of document %s: %w", r.ID, err)
		}
	}
	if err := unmarshalList(r.Tags, &d.Tags); err != nil {
		return document.Document{}, fmt.Errorf("tags of document %s: %w", r.ID, err)
	}
	if err := unmarshalList(r.AllowedRoles, &d.AllowedRoles); err != nil {
		return document.Document{}, fmt.Errorf("allowed roles of document %s: %w", r.ID, err)
	}
	return d, nil
}

// fieldEnd stands between the texts of a search key, so that nothing is found across two of them.
const fieldEnd = "\x1f"

// searchKey is what a search looks for substrings in, besides the title: source, file name, and the names and values of the
// metadata, in lower case. Lower case is Go's on both sides, because SQLite's knows ASCII only.
func searchKey(source, file string, metadata []byte) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(metadata))
	dec.UseNumber() // a number is found as it was written
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", err
	}
	parts := []string{searchable(source), searchable(file)}
	walkJSON(v, func(s string) { parts = append(parts, searchable(s)) })
	return strings.Join(parts, fieldEnd), nil
}

// searchable is a text as search keys hold it.
func searchable(s string) string {
	return strings.NewReplacer(fieldEnd, " ", "\x00", " ").Replace(strings.ToLower(s))
}

// walkJSON calls yield with the names and the values in a decoded JSON value, in a stable order.
func walkJSON(v any, yield func(string)) {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			yield(name)
			walkJSON(v[name], yield)
		}
	case []any:
		for _, e := range v {
			walkJSON(e, yield)
		}
	case nil:
	default:
		yield(fmt.Sprint(v))
	}
}
