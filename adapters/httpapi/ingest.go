package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// IngestTextReq is a text that is to become a document.
type IngestTextReq struct {
	Title    string         `json:"title" minLength:"1"`
	Text     string         `json:"text" minLength:"1"`
	Source   *string        `json:"source,omitempty" nullable:"true"`
	Metadata map[string]any `json:"metadata,omitempty" doc:"tags: list of strings; allowed_roles: list of admin, employee."`

	ReplaceReq
}

// ReplaceReq says which document content belongs to.
type ReplaceReq struct {
	ExternalID *string `json:"external_id,omitempty" nullable:"true" maxLength:"500" doc:"The client's own name for the document. The content becomes that of the document with this name in the workspace, whose old content is found until the new is ready."`
	Replace    *string `json:"replace,omitempty" nullable:"true" enum:"source" doc:"source: the content becomes that of the document with the same source; 409 when there are several."`
}

// IngestTextRes is what became of a text.
type IngestTextRes struct {
	DocumentID uuid.UUID `json:"document_id" format:"uuid"`
	Chunks     int       `json:"chunks" doc:"0 when the workspace had the very same text already, or processing goes on in the background."`
	Status     string    `json:"status" enum:"PENDING,PROCESSING,READY,FAILED,CANCELLED"`
}

// IngestBatchReq is several texts.
type IngestBatchReq struct {
	Documents []IngestTextReq `json:"documents" minItems:"1" maxItems:"10" nullable:"false"`
}

// IngestBatchRes is what became of them, in order.
type IngestBatchRes struct {
	Documents   []IngestTextRes `json:"documents" nullable:"false"`
	TotalChunks int             `json:"total_chunks"`
}

func (s *Server) ingest() {
	create := access{permission: identity.DocumentsCreate}
	both(s, huma.Operation{
		OperationID: "ingest_text", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/ingest/text", Tags: []string{"documents"},
		Summary: "Make a document of a text and process it at once",
	}, create, func(ctx context.Context, in *struct {
		WorkspacePath
		OnceParam

		Body IngestTextReq
	},
	) (*replayable[IngestTextRes], error) {
		r := onceIn{in.WorkspaceID, "ingest_text", in.IdempotencyKey, in.Body}
		return once(ctx, s, r, func(ctx context.Context) (IngestTextRes, error) { return s.ingestOne(ctx, in.WorkspaceID, in.Body) })
	})
	both(s, huma.Operation{
		OperationID: "ingest_batch", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/ingest/batch", Tags: []string{"documents"},
		Summary: "Make documents of up to ten texts; if any is not valid, none is taken",
	}, create, func(ctx context.Context, in *struct {
		WorkspacePath
		OnceParam

		Body IngestBatchReq
	},
	) (*replayable[IngestBatchRes], error) {
		r := onceIn{in.WorkspaceID, "ingest_batch", in.IdempotencyKey, in.Body}
		return once(ctx, s, r, func(ctx context.Context) (IngestBatchRes, error) { return s.ingestAll(ctx, in.WorkspaceID, in.Body) })
	})
}

// ingestAll takes texts one after the other, after all were looked at.
func (s *Server) ingestAll(ctx context.Context, ws uuid.UUID, in IngestBatchReq) (IngestBatchRes, error) {
	for i, d := range in.Documents {
		if err := s.app.Documents.CheckText(draftOf(d)); err != nil {
			return IngestBatchRes{}, within(err, "documents["+strconv.Itoa(i)+"].")
		}
	}
	out := IngestBatchRes{Documents: []IngestTextRes{}}
	for _, d := range in.Documents {
		res, err := s.ingestOne(ctx, ws, d)
		if err != nil {
			return IngestBatchRes{}, err
		}
		out.Documents = append(out.Documents, res)
		out.TotalChunks += res.Chunks
	}
	return out, nil
}

func (s *Server) ingestOne(ctx context.Context, ws uuid.UUID, in IngestTextReq) (IngestTextRes, error) {
	d, arrival, err := s.app.Documents.IngestText(ctx, actorOf(ctx), ws, draftOf(in))
	if err != nil {
		return IngestTextRes{}, err
	}
	res := IngestTextRes{DocumentID: d.ID, Status: string(d.Status)}
	if arrival != document.Known {
		res.Chunks = d.Chunks
	}
	return res, nil
}

func draftOf(in IngestTextReq) document.TextDraft {
	d := document.TextDraft{Text: in.Text, Details: document.Details{Title: in.Title, Metadata: in.Metadata}}
	d.Source, d.ExternalID, d.Replace = value(in.Source), value(in.ExternalID), document.Replace(value(in.Replace))
	return d
}

// within puts a prefix before the fields that an error names.
func within(err error, prefix string) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	out := *f
	out.Fields = make([]fault.FieldError, len(f.Fields))
	for i, field := range f.Fields {
		out.Fields[i] = fault.FieldError{Field: prefix + field.Field, Rule: field.Rule}
	}
	return &out
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
