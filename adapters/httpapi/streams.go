package httpapi

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
)

// The data of the events of an answer.
type (
	sourcesEvent struct {
		Sources        []sourceEvent `json:"sources" nullable:"false"`
		ConversationID *string       `json:"conversation_id" doc:"Always null; the event done has it."`
		DegradedRes
	}

	tokenEvent struct {
		Token string `json:"token"`
	}

	citationsEvent struct {
		Citations []CitationRes `json:"citations" nullable:"false"`
		Grounded  bool          `json:"grounded"`
		Evidence  bool          `json:"evidence"`
		Refused   bool          `json:"refused"`
		Sentences []SentenceRes `json:"sentences" nullable:"false"`
		Policy    string        `json:"policy"`
	}

	doneEvent struct {
		Answer         string    `json:"answer"`
		ConversationID string    `json:"conversation_id"`
		MessageID      uuid.UUID `json:"message_id" format:"uuid"`
		Cut            bool      `json:"cut" doc:"The model stopped before the end, since an answer must not be longer."`
	}

	errorEvent struct {
		Error  string `json:"error"`
		Code   string `json:"code" doc:"As in other errors."`
		Reason string `json:"reason,omitempty" doc:"As in other errors."`
	}
)

// brokenOff is the problem with which an answer ends that has begun already. What went wrong inside isn't told.
func brokenOff(err error) *Problem {
	if f := fault.Of(err); f != nil {
		return problemOf(f)
	}
	return newProblem(http.StatusServiceUnavailable, "the answer could not be completed; please try again")
}

// lastWord of a stream that OpenAI's clients read.
const lastWord = "[DONE]"

// eventDoc is an event as the document describes it: its name, if it has one, and a value of the type of its data.
type eventDoc struct {
	name string
	data any
}

// eventStream describes a stream in the way that tools know: as the list of its events.
func (s *Server) eventStream(events ...eventDoc) *huma.MediaType {
	item := &huma.Schema{}
	for _, e := range events {
		var data *huma.Schema
		if word, ok := e.data.(string); ok {
			data = &huma.Schema{Type: huma.TypeString, Enum: []any{word}}
		} else {
			data = s.schemaOf(e.data)
		}
		one := &huma.Schema{
			Type: huma.TypeObject, Required: []string{"data"},
			Properties: map[string]*huma.Schema{"data": data, "id": {Type: huma.TypeString}},
		}
		if e.name != "" {
			one.Title, one.Required = e.name, []string{"event", "data"}
			one.Properties["event"] = &huma.Schema{Type: huma.TypeString, Enum: []any{e.name}}
		}
		item.AnyOf = append(item.AnyOf, one)
	}
	return listOf(item, "Server-sent events, each as an object of its fields.")
}

// lineStream describes objects that come one a line.
func (s *Server) lineStream(line any) *huma.MediaType {
	return listOf(s.schemaOf(line), "One object a line.")
}

func listOf(item *huma.Schema, doc string) *huma.MediaType {
	list := &huma.Schema{Type: huma.TypeArray, Items: item, Description: doc}
	list.PrecomputeMessages() // without, nothing can be checked against it
	return &huma.MediaType{Schema: list}
}

func (s *Server) schemaOf(v any) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
}
