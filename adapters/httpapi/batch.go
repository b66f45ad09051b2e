package httpapi

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// maxBatchFiles bounds the files of one request; how many bytes they may have together is up to Options.MaxBatch.
const maxBatchFiles = 100

// BatchRes is what became of the files of a batch.
type BatchRes struct {
	Files    []BatchFileRes `json:"files" nullable:"false" doc:"One for each file, in their order."`
	Accepted int            `json:"accepted" doc:"How many became documents, or were there already."`
	Failed   int            `json:"failed"`
	Complete bool           `json:"complete" doc:"False: the request broke a limit, and the files behind the last one listed were not read."`
}

// BatchFileRes is what became of one file of a batch.
type BatchFileRes struct {
	FileName   *string    `json:"file_name"`
	ExternalID *string    `json:"external_id"`
	DocumentID *uuid.UUID `json:"document_id" format:"uuid" nullable:"true" doc:"Null when the file was refused."`
	Status     *string    `json:"status" enum:"PENDING,PROCESSING,READY,FAILED,CANCELLED" nullable:"true"`
	MimeType   *string    `json:"mime_type"`
	Duplicate  bool       `json:"duplicate" doc:"The workspace had these very bytes already."`
	Replaced   bool       `json:"replaced" doc:"The document was there with other content."`
	Error      *Problem   `json:"error,omitempty" doc:"Absent when it was taken. Why the file was refused, as an upload of it alone would say it."`
}

func (s *Server) batch() {
	both(s, huma.Operation{
		OperationID: "upload_documents", Method: http.MethodPost, Path: documentsURL + "/batch", Tags: []string{"documents"},
		Summary: "Upload up to 100 files, each with its own outcome; they are processed in the background", DefaultStatus: http.StatusAccepted,
		Description: "Fields say something about the one file that follows them. A file that is refused does not stop the others. " +
			"Sending a batch again does no harm: files that are there are duplicates.",
		Middlewares: huma.Middlewares{noteRequest},
	}, access{permission: identity.DocumentsCreate}, func(ctx context.Context, in *WorkspacePath) (*body[BatchRes], error) {
		r, ok := ctx.Value(requestKey{}).(*http.Request)
		if !ok {
			return nil, errors.New("the request is not at hand")
		}
		form, err := r.MultipartReader()
		if err != nil {
			return nil, fault.Unsupported.Errorf("the body must be multipart/form-data")
		}
		b := &batching{Server: s, actor: actorOf(ctx), workspace: in.WorkspaceID, res: BatchRes{Files: []BatchFileRes{}, Complete: true}}
		if err := b.read(ctx, form); err != nil {
			return nil, err
		}
		return &body[BatchRes]{b.res}, nil
	})
	for _, prefix := range prefixes() { // see upload
		s.api.OpenAPI().Paths[prefix+documentsURL+"/batch"].Post.RequestBody = batchForm()
	}
}

func batchForm() *huma.RequestBody {
	form := uploadForm()
	schema := form.Content["multipart/form-data"].Schema
	schema.Properties["file"].Description = "A file; as often as there are files, each behind the fields that are about it."
	return form
}

// batching is a form with many files on its way in. Each becomes a document, or is refused, before the next one is read.
type batching struct {
	*Server

	actor     identity.Actor
	workspace uuid.UUID
	details   document.Details // of the next file
	wrong     error            // what is wrong with the fields of the next file
	res       BatchRes
}

// read reads the form. An error is about the request as a whole.
func (b *batching) read(ctx context.Context, form *multipart.Reader) error {
	for {
		part, err := nextPart(form)
		switch {
		case errors.Is(err, io.EOF) && len(b.res.Files) == 0:
			return fault.Field("file", "is required")
		case errors.Is(err, io.EOF):
			return nil
		case err == nil && part.FormName() == "file" && len(b.res.Files) == maxBatchFiles:
			b.res.Complete = false
			return nil
		case err == nil:
			err = b.part(ctx, part)
		}
		if err = formError(err); err == nil {
			continue
		}
		// What was taken is taken, and the client must hear of it, even if the rest of the form can't be read.
		if len(b.res.Files) == 0 || ctx.Err() != nil {
			return err
		}
		b.res.Complete = false
		return nil
	}
}

// part takes one part. An error says that there is no going on.
func (b *batching) part(ctx context.Context, part *multipart.Part) error {
	name := part.FormName()
	if name != "file" {
		err := detail(&b.details, part, name)
		if err != nil && fault.Of(err) == nil {
			return err // the form broke off
		}
		b.wrong = errors.Join(b.wrong, err)
		return nil
	}
	details, err := b.details, b.wrong
	b.details, b.wrong = document.Details{}, nil
	var d document.Document
	var arrival document.Arrival
	if err == nil {
		d, arrival, err = b.app.Documents.Upload(ctx, b.actor, b.workspace, document.Incoming{
			Name: part.FileName(), MediaType: part.Header.Get("Content-Type"), Body: part,
		}, details)
	}
	err = formError(err)
	if f := fault.Of(err); err != nil && (f == nil || f.Kind == fault.Unavailable || f.Kind == fault.Denied || f.Kind == fault.NotFound) {
		return err // it would happen to the next file as well
	}
	b.note(ctx, part.FileName(), details, uploadRes(d, arrival), err)
	var broken *http.MaxBytesError
	if errors.As(err, &broken) {
		return err
	}
	return nil
}

// note writes down what became of a file.
func (b *batching) note(ctx context.Context, name string, about document.Details, up UploadRes, err error) {
	res := BatchFileRes{FileName: optional(name), ExternalID: optional(about.ExternalID)}
	if err != nil {
		res.Error = b.fail(ctx, pathOf(ctx), err).Problem
		b.res.Failed++
	} else {
		res.DocumentID, res.Status, res.MimeType = &up.DocumentID, &up.Status, up.MimeType
		res.Duplicate, res.Replaced = up.Duplicate, up.Replaced
		b.res.Accepted++
	}
	b.res.Files = append(b.res.Files, res)
}
