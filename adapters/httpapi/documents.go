package httpapi

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
)

// DocumentSummaryRes is a document in a list.
type DocumentSummaryRes struct {
	ID           uuid.UUID      `json:"id" format:"uuid"`
	Title        string         `json:"title"`
	Source       *string        `json:"source"`
	ExternalID   *string        `json:"external_id" doc:"The client's own name for it."`
	Metadata     map[string]any `json:"metadata"`
	CreatedAt    time.Time      `json:"created_at"`
	UpdatedAt    time.Time      `json:"updated_at"`
	FileName     *string        `json:"file_name"`
	MimeType     *string        `json:"mime_type"`
	Size         int64          `json:"size" doc:"Bytes of the original."`
	ContentHash  string         `json:"content_hash" doc:"Of a file: SHA-256, in hex, of the workspace's id, a colon and the bytes. The same file has the same one."`
	Status       string         `json:"status" enum:"PENDING,PROCESSING,READY,FAILED,CANCELLED"`
	Tags         []string       `json:"tags" nullable:"false"`
	ErrorCode    *string        `json:"error_code" doc:"Why processing failed; stable, such as encrypted or no_text."`
	ErrorMessage *string        `json:"error_message" doc:"Why processing failed, and what to do."`
	Language     *string        `json:"language" doc:"Of the text that is searched: en, es, pt, fr, de, it or simple."`
	PageCount    int            `json:"page_count" doc:"0 where the format has no pages."`
	ChunkCount   int            `json:"chunk_count" doc:"Chunks that searches see."`
	Progress     ProgressRes    `json:"progress"`
}

// ProgressRes says how far processing is.
type ProgressRes struct {
	Stage string `json:"stage" enum:"queued,parsing,chunking,context,embedding,indexing,done"`
	Done  int    `json:"done" doc:"Pages while parsing, chunks while contexts are written and while embedding."`
	Total int    `json:"total" doc:"0 while it isn't known."`
}

// DocumentDetailRes is a document.
type DocumentDetailRes struct {
	DocumentSummaryRes

	DeletedAt         *time.Time `json:"deleted_at"`
	UploadedByUserID  *uuid.UUID `json:"uploaded_by_user_id" format:"uuid" nullable:"true"`
	ParentID          *uuid.UUID `json:"parent_id" format:"uuid" nullable:"true" doc:"The document in whose file this one was, such as a message or an archive."`
	Properties        Properties `json:"properties" doc:"What the file says about itself (title, author, created, language), and what reading it could not do (pages_without_text, not_read, chunks_without_context)."`
	AllowedRoles      []string   `json:"allowed_roles" nullable:"false"`
	Run               int        `json:"run" doc:"How often it was processed, this time included."`
	SearchableVersion int64      `json:"searchable_version" doc:"Changes whenever searches see another version; 0 while they see none."`
}

// Properties are what a file says about itself.
type Properties map[string]string

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func documentSummary(d document.Document) DocumentSummaryRes {
	return DocumentSummaryRes{
		ID: d.ID, Title: d.Title, Source: optional(d.Source), ExternalID: optional(d.ExternalID), Metadata: orEmpty(d.Metadata), CreatedAt: d.CreatedAt,
		UpdatedAt: d.UpdatedAt, FileName: optional(d.Original.Name), MimeType: optional(d.Original.MediaType),
		Size: d.Original.Size, ContentHash: d.Hash, Status: string(d.Status), Tags: append([]string{}, d.Tags...),
		ErrorCode: optional(d.Failure.Code), ErrorMessage: optional(d.Failure.Text),
		Language: optional(string(d.Language)), PageCount: d.Pages, ChunkCount: d.Chunks,
		Progress: ProgressRes{Stage: string(d.Stage), Done: d.Done, Total: d.Total},
	}
}

func documentDetail(d document.Document) DocumentDetailRes {
	r := DocumentDetailRes{
		DocumentSummaryRes: documentSummary(d), AllowedRoles: []string{}, Run: d.Run, SearchableVersion: d.Generation,
		Properties: Properties{}, DeletedAt: optionalTime(d.DeletedAt),
	}
	maps.Copy(r.Properties, d.Properties)
	if d.Parent != uuid.Nil {
		r.ParentID = &d.Parent
	}
	for _, role := range d.AllowedRoles {
		r.AllowedRoles = append(r.AllowedRoles, string(role))
	}
	if d.Uploader != uuid.Nil {
		r.UploadedByUserID = &d.Uploader
	}
	return r
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// DocumentsRes is a page of documents.
type DocumentsRes struct {
	Documents  []DocumentSummaryRes `json:"documents" nullable:"false"`
	NextCursor *string              `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one."`
}

// ListDocumentsParams choose documents.
type ListDocumentsParams struct {
	WorkspacePath

	Query  string `query:"q" maxLength:"500" doc:"Part of title, source, file name or metadata, whatever the case."`
	Status string `query:"status" enum:",PENDING,PROCESSING,READY,FAILED,CANCELLED"`
	Tag    string `query:"tag" maxLength:"100"`
	Source string `query:"source" maxLength:"500" doc:"Exactly this one."`

	ExternalID string    `query:"external_id" maxLength:"500" doc:"Exactly this one: the client's own name for a document."`
	Parent     uuid.UUID `query:"parent_id" format:"uuid" doc:"Only documents that came out of this one's file."`

	Deleted bool `query:"deleted" doc:"Those that can be restored, instead of those that live."`

	Sort   string `query:"sort" default:"created_at_desc" enum:"created_at_desc,created_at_asc,title_asc,title_desc"`
	Cursor string `query:"cursor" maxLength:"2000"`
	Limit  int    `query:"limit" default:"50" doc:"From 1 to 200; 0 or less means 50, more than 200 means 200."`
	Offset int    `query:"offset" default:"0" maximum:"1000000"`
}

// DeletedRes says that something is deleted.
type DeletedRes struct {
	Deleted bool `json:"deleted"`
}

// ReprocessRes says that a document waits for processing.
type ReprocessRes struct {
	DocumentID uuid.UUID `json:"document_id" format:"uuid"`
	Status     string    `json:"status"`
	Enqueued   bool      `json:"enqueued"`
}

// CancelRes says that processing was stopped.
type CancelRes struct {
	DocumentID uuid.UUID `json:"document_id" format:"uuid"`
	Status     string    `json:"status"`
	Cancelled  bool      `json:"cancelled"`
}

// DocumentPath names a document of a workspace.
type DocumentPath struct {
	WorkspacePath

	DocumentID uuid.UUID `path:"document_id" format:"uuid"`
}

const documentsURL = "/workspaces/{workspace_id}/documents"

func (s *Server) documents() {
	tags := []string{"documents"}
	read := access{permission: identity.DocumentsRead}
	both(s, huma.Operation{
		OperationID: "list_documents", Method: http.MethodGet, Path: documentsURL, Tags: tags, Summary: "List documents",
	}, read, s.listDocuments)
	both(s, huma.Operation{
		OperationID: "get_document", Method: http.MethodGet, Path: documentsURL + "/{document_id}", Tags: tags,
		Summary: "Read a document, its state and how far processing is",
	}, read, func(ctx context.Context, in *DocumentPath) (*body[DocumentDetailRes], error) {
		d, err := s.app.Documents.Get(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID)
		return &body[DocumentDetailRes]{documentDetail(d)}, err
	})
	both(s, huma.Operation{
		OperationID: "delete_document", Method: http.MethodDelete, Path: documentsURL + "/{document_id}", Tags: tags,
		Summary: "Delete a document; it answers nothing from now on",
	}, access{permission: identity.DocumentsDelete}, func(ctx context.Context, in *DocumentPath) (*body[DeletedRes], error) {
		err := s.app.Documents.Delete(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID)
		return &body[DeletedRes]{DeletedRes{Deleted: err == nil}}, err
	})
	both(s, huma.Operation{
		OperationID: "restore_document", Method: http.MethodPost, Path: documentsURL + "/{document_id}/restore", Tags: tags,
		Summary: "Take a deleted document back; it answers again at once",
	}, access{permission: identity.DocumentsDelete}, func(ctx context.Context, in *DocumentPath) (*body[DocumentDetailRes], error) {
		d, err := s.app.Documents.Restore(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID)
		return &body[DocumentDetailRes]{documentDetail(d)}, err
	})
	both(s, huma.Operation{
		OperationID: "reprocess_document", Method: http.MethodPost, Path: documentsURL + "/{document_id}/reprocess", Tags: tags,
		Summary: "Process a document again; it keeps answering meanwhile", DefaultStatus: http.StatusAccepted,
	}, access{permission: identity.DocumentsCreate}, func(ctx context.Context, in *DocumentPath) (*body[ReprocessRes], error) {
		d, err := s.app.Documents.Reprocess(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID)
		return &body[ReprocessRes]{ReprocessRes{DocumentID: d.ID, Status: string(d.Status), Enqueued: true}}, err
	})
	both(s, huma.Operation{
		OperationID: "cancel_document", Method: http.MethodPost, Path: documentsURL + "/{document_id}/cancel", Tags: tags,
		Summary: "Stop processing a document",
	}, access{permission: identity.DocumentsCreate}, func(ctx context.Context, in *DocumentPath) (*body[CancelRes], error) {
		d, err := s.app.Documents.Cancel(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID)
		return &body[CancelRes]{CancelRes{DocumentID: d.ID, Status: string(d.Status), Cancelled: true}}, err
	})
	s.documentText()
}

func (s *Server) listDocuments(ctx context.Context, in *ListDocumentsParams) (*body[DocumentsRes], error) {
	q := document.Query{
		Text: in.Query, Status: document.Status(in.Status), Tag: in.Tag, Source: in.Source, ExternalID: in.ExternalID,
		Parent: in.Parent, Sort: document.Sort(in.Sort), Deleted: in.Deleted,
		Offset: max(0, in.Offset), Limit: min(in.Limit, 200),
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	if in.Cursor != "" {
		var err error
		if q.After, err = document.DecodeCursor(q.Sort, in.Cursor); err != nil {
			return nil, err
		}
	}
	docs, more, err := s.app.Documents.List(ctx, actorOf(ctx), in.WorkspaceID, q)
	if err != nil {
		return nil, err
	}
	out := DocumentsRes{Documents: make([]DocumentSummaryRes, len(docs))}
	for i, d := range docs {
		out.Documents[i] = documentSummary(d)
	}
	if more {
		next := document.EncodeCursor(q.Sort, docs[len(docs)-1])
		out.NextCursor = &next
	}
	return &body[DocumentsRes]{out}, nil
}
