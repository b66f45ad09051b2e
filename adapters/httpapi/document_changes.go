package httpapi

import (
	"context"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
)

// UpdateDocumentReq says what to change of a document; what is absent or null stays as it is.
type UpdateDocumentReq struct {
	Title    *string        `json:"title,omitempty" nullable:"true"`
	Source   *string        `json:"source,omitempty" nullable:"true" doc:"Blank: none."`
	Metadata map[string]any `json:"metadata,omitempty" doc:"Replaces all of it. tags: list of strings; allowed_roles: list of admin, employee."`
}

func (s *Server) documentChanges() {
	both(s, huma.Operation{
		OperationID: "update_document", Method: http.MethodPatch, Path: documentsURL + "/{document_id}", Tags: []string{"documents"},
		Summary: "Change title, source or metadata; nothing is processed again",
	}, access{permission: identity.DocumentsCreate}, func(ctx context.Context, in *struct {
		DocumentPath

		Body UpdateDocumentReq
	},
	) (*body[DocumentDetailRes], error) {
		d, err := s.app.Documents.Describe(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID, document.DetailsPatch{
			Title: in.Body.Title, Source: in.Body.Source, Metadata: in.Body.Metadata,
		})
		return &body[DocumentDetailRes]{documentDetail(d)}, err
	})
	both(s, huma.Operation{
		OperationID: "download_document", Method: http.MethodGet, Path: documentsURL + "/{document_id}/download", Tags: []string{"documents"},
		Summary: "Download the original, byte for byte",
		Responses: map[string]*huma.Response{"200": {
			Description: "The original, of the type that its content decided",
			Headers:     map[string]*huma.Param{"Content-Disposition": {Schema: &huma.Schema{Type: huma.TypeString}, Description: "attachment, with the file's name"}},
			Content:     map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}, "302": {
			Description: "Where to fetch the original: an address that works for a short while, where the server is set up for that",
			Headers:     map[string]*huma.Param{"Location": {Schema: &huma.Schema{Type: huma.TypeString, Format: "uri"}}},
		}},
	}, access{permission: identity.DocumentsRead}, s.download)
}

func (s *Server) download(ctx context.Context, in *DocumentPath) (*huma.StreamResponse, error) {
	link, err := s.app.Documents.Link(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID, func(d document.Document) string {
		return attachment(fileNameOf(d))
	})
	if err != nil {
		return nil, err
	}
	if link != "" {
		return redirect(link), nil
	}
	d, original, err := s.app.Documents.Open(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer func() { _ = original.Close() }() // it was only read
		_, w := humago.Unwrap(hctx)
		h := w.Header()
		h.Set("Content-Type", d.Original.MediaType)
		h.Set("Content-Length", strconv.FormatInt(d.Original.Size, 10))
		h.Set("Content-Disposition", attachment(fileNameOf(d)))
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox") // whatever it is, it is no page of ours
		w.WriteHeader(http.StatusOK)
		// The client has left, or the blob broke off: then less than Content-Length arrives, and the client knows.
		if _, err := io.Copy(w, original); err != nil {
			s.log.Warn("download broke off", zap.String("request_id", requestID(ctx)), zap.Error(err))
		}
	}}, nil
}

// redirect sends the client to an address that is a secret for as long as it works.
func redirect(address string) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Location", address)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.WriteHeader(http.StatusFound)
	}}
}

// fileNameOf is the name to save an original under. A text that never was a file takes its title.
func fileNameOf(d document.Document) string {
	if d.Original.Name != "" {
		return d.Original.Name
	}
	name := d.Title
	if kind, _, err := mime.ParseMediaType(d.Original.MediaType); err == nil && kind == "text/plain" {
		name += ".txt"
	}
	return name
}

// attachment is a Content-Disposition that makes a browser save and never show (RFC 6266): a plain name for old clients, and
// the whole one in the encoding of RFC 5987. What could end the header or lead into another folder is replaced.
func attachment(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	plain := strings.Map(func(r rune) rune {
		if r > '~' || strings.ContainsRune(`"%;`, r) {
			return '_'
		}
		return r
	}, name)
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
