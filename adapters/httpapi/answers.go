package httpapi

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
)

// AnswerRecordRes is what is kept of an answer.
type AnswerRecordRes struct {
	RecordID             uuid.UUID    `json:"record_id" format:"uuid" doc:"The message's."`
	Timestamp            time.Time    `json:"timestamp"`
	WorkspaceID          uuid.UUID    `json:"workspace_id" format:"uuid"`
	ConversationID       *uuid.UUID   `json:"conversation_id" format:"uuid" nullable:"true" doc:"null when it is deleted."`
	UserID               string       `json:"user_id" example:"user:0192f0c1-5f7e-7cc5-9d35-5d2b1a8f9b10" doc:"Who asked; anonymous when the user is forgotten."`
	Query                string       `json:"query"`
	RewrittenQuery       string       `json:"rewritten_query" doc:"What was searched for."`
	AnswerPreview        string       `json:"answer_preview" doc:"The first 200 characters."`
	Erased               bool         `json:"erased" doc:"Words are gone, because the user is forgotten or a document deleted."`
	Language             string       `json:"language"`
	Evidence             bool         `json:"evidence"`
	Grounded             bool         `json:"grounded"`
	Refused              bool         `json:"refused"`
	SuspiciousQuery      bool         `json:"is_suspicious_query" doc:"The question looks like prompt injection. It was answered all the same."`
	ConfidenceLevel      string       `json:"confidence_level" enum:"high,medium,low"`
	ConfidenceValue      float64      `json:"confidence_value" doc:"How much of the answer its citations cover, 0 to 1."`
	RequiresVerification bool         `json:"requires_verification" doc:"Confidence is below 0.7, or fewer than two passages were read."`
	HighRisk             bool         `json:"is_high_risk" doc:"It claims something, and confidence is low or fewer than two passages were read or the question looks like prompt injection."`
	SourcesCount         int          `json:"sources_count" doc:"Passages that the model read."`
	CitationsCount       int          `json:"citations_count"`
	SourceDocuments      []uuid.UUID  `json:"source_documents" nullable:"false"`
	Model                string       `json:"model"`
	PromptVersion        string       `json:"prompt_version"`
	Policy               string       `json:"policy"`
	Timings              TimingsRes   `json:"timings"`
	InputTokens          *int         `json:"input_tokens" doc:"null when the model reports none."`
	OutputTokens         *int         `json:"output_tokens" doc:"null when the model reports none."`
	WasRated             bool         `json:"was_rated"`
	Rating               *string      `json:"rating" doc:"up, down or neutral; null while nobody has rated the answer."`
	Feedback             *FeedbackRes `json:"feedback,omitempty" doc:"Absent when there is none, or none any more."`
}

// TimingsRes says where the time of an answer went, in milliseconds.
type TimingsRes struct {
	RewriteMS  float64 `json:"rewrite_ms"`
	RetrieveMS float64 `json:"retrieve_ms"`
	LLMMS      float64 `json:"llm_ms"`
	TotalMS    float64 `json:"total_ms"`
}

// AnswerRecordsRes is a page of records.
type AnswerRecordsRes struct {
	Records    []AnswerRecordRes `json:"records" nullable:"false"`
	NextCursor *string           `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one."`
}

// AnswerFilterParams choose records.
type AnswerFilterParams struct {
	WorkspaceID uuid.UUID `query:"workspace_id" format:"uuid"`
	ActorID     string    `query:"actor_id" maxLength:"200" doc:"An actor as in user_id, or only what follows its colon."`
	Level       string    `query:"confidence_level" enum:"high,medium,low"`
	Rating      string    `query:"rating" enum:"up,down,neutral"`
	HighRisk    bool      `query:"high_risk" doc:"Only those."`
	Verify      bool      `query:"requires_verification" doc:"Only those."`
	Unanswered  bool      `query:"unanswered" doc:"Only those without evidence."`

	PeriodParams
}

func (in AnswerFilterParams) search() (q chat.RecordSearch, err error) {
	q = chat.RecordSearch{
		Workspace: in.WorkspaceID, Level: chat.Level(in.Level), Rating: chat.Vote(in.Rating), HighRisk: in.HighRisk, Verify: in.Verify,
		Unanswered: in.Unanswered,
	}
	switch {
	case in.ActorID == "":
	case strings.Contains(in.ActorID, ":"):
		q.Actors = []string{in.ActorID}
	default:
		q.Actors = []string{in.ActorID, string(identity.Person) + ":" + in.ActorID, string(identity.ServiceActor) + ":" + in.ActorID}
	}
	q.Start, q.End, err = in.period()
	return q, err
}

func (s *Server) answers() {
	admin, tags := access{permission: identity.AdminConfig}, []string{"audit"}
	both(s, huma.Operation{
		OperationID: "list_answers", Method: http.MethodGet, Path: "/admin/answers", Tags: tags, Summary: "Read the records of answers, newest first",
	}, admin, s.listAnswers)
	both(s, huma.Operation{
		OperationID: "export_answers", Method: http.MethodGet, Path: "/admin/answers/export", Tags: tags,
		Summary: "Export the records of answers, newest first, one JSON object a line",
		Responses: map[string]*huma.Response{"200": {
			Description: "Lines of AnswerRecordRes", Content: map[string]*huma.MediaType{linesType: s.lineStream(AnswerRecordRes{})},
		}},
	}, admin, func(ctx context.Context, in *AnswerFilterParams) (*huma.StreamResponse, error) {
		search, err := in.search()
		if err != nil {
			return nil, err
		}
		return exportLines(ctx, s, "answers.jsonl", s.app.Chat.ExportRecords(ctx, actorOf(ctx), search), answerRecordRes)
	})
}

func (s *Server) listAnswers(ctx context.Context, in *struct {
	AnswerFilterParams

	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"500"`
},
) (*body[AnswerRecordsRes], error) {
	after, err := decodePosition(in.Cursor)
	if err != nil {
		return nil, err
	}
	q, err := in.search()
	if err != nil {
		return nil, err
	}
	q.After, q.Limit = chat.Position{UpdatedAt: after.CreatedAt, ID: after.ID}, in.Limit+1
	found, err := s.app.Chat.Records(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := AnswerRecordsRes{Records: []AnswerRecordRes{}}
	for i, r := range found {
		if i == in.Limit {
			out.NextCursor = encodeMoment(found[i-1].Time, found[i-1].ID)
			break
		}
		line, err := answerRecordRes(r)
		if err != nil {
			return nil, err
		}
		out.Records = append(out.Records, line)
	}
	return &body[AnswerRecordsRes]{out}, nil
}

func answerRecordRes(r chat.Record) (AnswerRecordRes, error) {
	out := AnswerRecordRes{
		RecordID: r.ID, Timestamp: r.Time, WorkspaceID: r.Workspace, UserID: r.Actor, Query: r.Query, RewrittenQuery: r.Searched,
		AnswerPreview: r.Preview, Erased: r.Erased, Language: string(r.Language), Evidence: r.Evidence, Grounded: r.Grounded,
		Refused: r.Refused, SuspiciousQuery: r.Suspicious, ConfidenceLevel: string(r.Level), ConfidenceValue: r.Value, RequiresVerification: r.Verify,
		HighRisk: r.HighRisk, SourcesCount: r.Sources, CitationsCount: r.Citations, SourceDocuments: append([]uuid.UUID{}, r.Documents...),
		Model: r.Model, PromptVersion: r.Prompt, Policy: string(r.Policy), WasRated: r.Rating != "",
		Timings: TimingsRes{
			RewriteMS: millis(r.Rewriting), RetrieveMS: millis(r.Searching), LLMMS: millis(r.Generating), TotalMS: millis(r.Took),
		},
	}
	if r.Conversation != uuid.Nil {
		out.ConversationID = &r.Conversation
	}
	if r.Usage != nil {
		out.InputTokens, out.OutputTokens = &r.Usage.InputTokens, &r.Usage.OutputTokens
	}
	if r.Rating != "" {
		out.Rating = optional(string(r.Rating))
	}
	if r.Feedback != nil {
		f := feedbackRes(*r.Feedback)
		out.Feedback = &f
	}
	return out, nil
}

// exportLines streams things, one JSON object a line. The first one is read before the response begins, so that an error is an
// ordinary problem; one that comes later breaks the connection off, because an export that merely ended would look complete.
func exportLines[T, L any](
	ctx context.Context, s *Server, file string, things iter.Seq2[T, error], line func(T) (L, error),
) (*huma.StreamResponse, error) {
	next, stop := iter.Pull2(things)
	first, err, ok := next()
	if err != nil {
		stop()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer stop()
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", linesType)
		w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
		w.WriteHeader(http.StatusOK)
		lines := json.NewEncoder(w)
		for thing := first; ok && err == nil; thing, err, ok = next() {
			var l L
			if l, err = line(thing); err == nil {
				err = lines.Encode(l)
			}
			if err != nil {
				break
			}
		}
		if err != nil {
			s.log.Warn("export broke off", zap.String("request_id", requestID(ctx)), zap.Error(err))
			panic(http.ErrAbortHandler) // the way to tell net/http that the response is not whole
		}
	}}, nil
}
