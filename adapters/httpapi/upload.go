package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// UploadRes is what became of an upload.
type UploadRes struct {
	DocumentID uuid.UUID `json:"document_id" format:"uuid"`
	Status     string    `json:"status" enum:"PENDING,PROCESSING,READY,FAILED,CANCELLED"`
	FileName   *string   `json:"file_name"`
	MimeType   *string   `json:"mime_type" doc:"Decided by content."`
	Duplicate  bool      `json:"duplicate" doc:"The workspace had these very bytes already; the document is that one."`
	Replaced   bool      `json:"replaced" doc:"The document was there with other content, which is found until this one is ready."`
}

// maxFormField bounds each part of the form that isn't the file.
const maxFormField = 256 << 10

type requestKey struct{}

// noteRequest hands the raw request to a handler that streams its body.
func noteRequest(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	next(huma.WithValue(ctx, requestKey{}, r))
}

const externalIDDoc = "The client's own name for the document, such as a path, up to 500 characters. A file with the name of a document that is there " +
	"becomes its new content: the same id, the old content is found until the new is ready, and only what changed is embedded. " +
	"Absent fields keep what the document has. Without it, the same bytes are the same document."

// uploadForm describes the form.
func uploadForm() *huma.RequestBody {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	form := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"file"},
		Properties: map[string]*huma.Schema{
			"file":     {Type: huma.TypeString, Format: "binary", Description: "The file."},
			"title":    text("Blank or absent: the file's name."),
			"source":   text("Where it comes from, such as a URL."),
			"metadata": text("A JSON object; tags: list of strings, allowed_roles: list of admin, employee."),

			"external_id": text(externalIDDoc),
			"replace": {
				Type: huma.TypeString, Enum: []any{"source"},
				Description: "source: the file replaces the document with the same source; 409 when there are several. Not together with external_id.",
			},
		},
	}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}}
}

func (s *Server) upload() {
	both(s, huma.Operation{
		OperationID: "upload_document", Method: http.MethodPost, Path: documentsURL + "/upload", Tags: []string{"documents"},
		Summary: "Upload a file; it is processed in the background", DefaultStatus: http.StatusAccepted,
		Middlewares: huma.Middlewares{noteRequest},
	}, access{permission: identity.DocumentsCreate}, func(ctx context.Context, in *struct {
		WorkspacePath
		OnceParam
	},
	) (*replayable[UploadRes], error) {
		r, ok := ctx.Value(requestKey{}).(*http.Request)
		if !ok {
			return nil, errors.New("the request is not at hand")
		}
		u := &uploading{Server: s, actor: actorOf(ctx), workspace: in.WorkspaceID}
		return u.read(ctx, r, in.IdempotencyKey)
	})
	// The framework would read and check a body that it knows of when the operation is registered; this one is streamed.
	for _, prefix := range prefixes() {
		s.api.OpenAPI().Paths[prefix+documentsURL+"/upload"].Post.RequestBody = uploadForm()
	}
}

func uploadRes(d document.Document, arrival document.Arrival) UploadRes {
	return UploadRes{
		DocumentID: d.ID, Status: string(d.Status), FileName: optional(d.Original.Name), MimeType: optional(d.Original.MediaType),
		Duplicate: arrival == document.Known, Replaced: arrival == document.Replaced,
	}
}

// uploading is a form on its way in. Its parts may come in any order; the file goes to the blob store as it comes.
type uploading struct {
	*Server

	actor     identity.Actor
	workspace uuid.UUID
	receipt   *document.Receipt
	details   document.Details
}

func (u *uploading) read(ctx context.Context, r *http.Request, key string) (*replayable[UploadRes], error) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, fault.Unsupported.Errorf("the body must be multipart/form-data")
	}
	if err := u.parts(ctx, form); err != nil {
		if u.receipt != nil {
			err = errors.Join(err, u.app.Documents.Discard(ctx, u.receipt))
		}
		return nil, err
	}
	if u.receipt == nil {
		return nil, fault.Field("file", "is required")
	}
	what := struct {
		File    string
		Details document.Details
	}{u.receipt.Digest(), u.details}
	accepted := false
	out, err := once(ctx, u.Server, onceIn{u.workspace, "upload_document", key, what}, func(ctx context.Context) (UploadRes, error) {
		accepted = true
		d, arrival, err := u.app.Documents.Accept(ctx, u.actor, u.receipt, u.details)
		return uploadRes(d, arrival), err
	})
	if !accepted { // it was taken before, or is not to be taken
		err = errors.Join(err, u.app.Documents.Discard(ctx, u.receipt))
	}
	return out, err
}

func (u *uploading) parts(ctx context.Context, form *multipart.Reader) error {
	for {
		part, err := nextPart(form)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = u.part(ctx, part)
		}
		if err != nil {
			return formError(err)
		}
	}
}

// nextPart returns the next part of a form. io.EOF means that it ended as it should.
func nextPart(form *multipart.Reader) (*multipart.Part, error) {
	part, err := form.NextPart()
	var late *bodyError
	var large *http.MaxBytesError
	if err == nil || err == io.EOF || errors.As(err, &late) || errors.As(err, &large) { //nolint:errorlint // within another error it is another end
		return part, err
	}
	return nil, fault.Invalid.Errorf("the form is broken off or malformed")
}

func (u *uploading) part(ctx context.Context, part *multipart.Part) (err error) {
	if name := part.FormName(); name != "file" {
		return detail(&u.details, part, name)
	}
	if u.receipt != nil {
		return fault.Field("file", "must be given once")
	}
	u.receipt, err = u.app.Documents.Receive(ctx, u.actor, u.workspace, document.Incoming{
		Name: part.FileName(), MediaType: part.Header.Get("Content-Type"), Body: part,
	})
	return err
}

// detail reads a field of a form that says something about a file; fields of other names are passed over.
func detail(d *document.Details, part io.Reader, name string) (err error) {
	switch name {
	case "title":
		d.Title, err = field(part, name)
	case "source":
		d.Source, err = field(part, name)
	case "external_id":
		d.ExternalID, err = field(part, name)
	case "replace":
		var by string
		by, err = field(part, name)
		d.Replace = document.Replace(by)
	case "metadata":
		d.Metadata, err = metadataField(part)
	default:
		_, err = io.Copy(io.Discard, part)
	}
	return err
}

func field(part io.Reader, name string) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(part, maxFormField+1))
	if err == nil && len(raw) > maxFormField {
		err = fault.Field(name, "is too long")
	}
	return string(raw), err
}

func metadataField(part io.Reader) (map[string]any, error) {
	raw, err := field(part, "metadata")
	if err != nil || raw == "" {
		return nil, err
	}
	var m map[string]any
	if json.Unmarshal([]byte(raw), &m) != nil {
		return nil, fault.Field("metadata", "must be a JSON object")
	}
	return m, nil
}

// formError gives a kind to what is wrong with a form; an error that has one keeps it.
func formError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return fault.TooLarge.Wrap(err, "the file is larger than the limit").Because(document.ReasonTooLarge)
	case fault.Of(err) != nil:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, multipart.ErrMessageTooLarge):
		return fault.Invalid.Wrap(err, "the form is broken off or malformed")
	}
	return err
}
