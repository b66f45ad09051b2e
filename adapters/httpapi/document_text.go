package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// TextRes is a stretch of a document's normalised text, in which citations are spans.
type TextRes struct {
	Text  string    `json:"text"`
	Start int       `json:"start" doc:"Byte of the normalised text (UTF-8) with which text begins."`
	End   int       `json:"end" doc:"Byte after its end."`
	Size  int       `json:"size" doc:"Bytes of the whole normalised text."`
	Pages []PageRes `json:"pages" nullable:"false" doc:"The pages that the stretch touches."`
}

// PageRes is where a page stands in the normalised text.
type PageRes struct {
	Number int `json:"number"`
	Start  int `json:"start"`
	End    int `json:"end"`
}

// documentText shows the stored text, so that everybody can check a citation.
func (s *Server) documentText() {
	both(s, huma.Operation{
		OperationID: "get_document_text", Method: http.MethodGet, Path: documentsURL + "/{document_id}/text", Tags: []string{"documents"},
		Summary: "Read the normalised text of a document, or a span of it",
	}, access{permission: identity.DocumentsRead}, func(ctx context.Context, in *struct {
		DocumentPath

		Start int `query:"start" default:"0" minimum:"0" doc:"First byte."`
		End   int `query:"end" default:"0" minimum:"0" doc:"Byte after the last; 0 means the end."`
	},
	) (*body[TextRes], error) {
		t, err := s.app.Documents.Text(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID)
		if err != nil {
			return nil, err
		}
		end := in.End
		if end == 0 {
			end = len(t.Body)
		}
		if in.Start > end || end > len(t.Body) {
			return nil, fault.Field("end", "is outside of the text")
		}
		out := TextRes{Text: t.Body[in.Start:end], Start: in.Start, End: end, Size: len(t.Body), Pages: []PageRes{}}
		for _, p := range t.Pages {
			if p.Start < end && p.End > in.Start {
				out.Pages = append(out.Pages, PageRes{p.Number, p.Start, p.End})
			}
		}
		return &body[TextRes]{out}, nil
	})
}
