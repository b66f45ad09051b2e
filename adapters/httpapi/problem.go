package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Problem is the body of every error (RFC 9457).
type Problem struct {
	Type      string         `json:"type" example:"about:blank/not_found"`
	Title     string         `json:"title" example:"Not Found"`
	Status    int            `json:"status" example:"404"`
	Detail    string         `json:"detail" example:"there is no such document"`
	Code      string         `json:"code" example:"NOT_FOUND" doc:"Stable; what to act on."`
	Reason    string         `json:"reason,omitempty" example:"encrypted" doc:"Stable; finer than code."`
	Instance  string         `json:"instance,omitempty" example:"/v1/workspaces" doc:"Path of the request."`
	Errors    []ProblemError `json:"errors" doc:"What is wrong with the input, field by field; the last element carries the request id."`
	RequestID string         `json:"request_id"`
	Error     *OpenAIError   `json:"error,omitempty" doc:"The same, for clients of OpenAI's API, on the paths that they call."`
}

// ProblemError names a field of the input and the rule that it broke, never its value.
type ProblemError struct {
	Field     string `json:"field,omitempty" example:"title"`
	Message   string `json:"msg,omitempty" example:"must not be blank"`
	RequestID string `json:"request_id,omitempty"`
}

// ContentType implements huma.ContentTypeFilter.
func (*Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// codes are the stable codes by status.
func codeOf(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "VALIDATION_ERROR"
	case http.StatusUnauthorized:
		return "UNAUTHORIZED"
	case http.StatusForbidden:
		return "FORBIDDEN"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusMethodNotAllowed:
		return "METHOD_NOT_ALLOWED"
	case http.StatusNotAcceptable:
		return "NOT_ACCEPTABLE"
	case http.StatusRequestTimeout:
		return "REQUEST_TIMEOUT"
	case http.StatusConflict:
		return "CONFLICT"
	case http.StatusRequestEntityTooLarge:
		return "PAYLOAD_TOO_LARGE"
	case http.StatusUnsupportedMediaType:
		return "UNSUPPORTED_MEDIA"
	case http.StatusTooManyRequests:
		return "RATE_LIMITED"
	case http.StatusServiceUnavailable:
		return "SERVICE_UNAVAILABLE"
	}
	return "INTERNAL_ERROR"
}

func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Denied:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
	case fault.Busy:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// newProblem makes a problem without fields.
func newProblem(status int, detail string) *Problem {
	return codedProblem(status, codeOf(status), detail)
}

func codedProblem(status int, code, detail string) *Problem {
	return &Problem{
		Type: "about:blank/" + strings.ToLower(code), Title: titleCase(code), Status: status, Detail: detail, Code: code,
	}
}

func titleCase(code string) string {
	words := strings.Split(strings.ToLower(code), "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// in completes a problem with what only the request knows.
func (p *Problem) in(ctx context.Context, path string) *Problem {
	p.Instance, p.RequestID = path, requestID(ctx)
	if spokenByOpenAI(path) {
		p.Error = openAIError(p.Status, p.Detail)
		if len(p.Errors) > 0 && p.Errors[0].Field != "" {
			p.Error.Param = &p.Errors[0].Field
			if wrong := p.Errors[0].Field + " " + p.Errors[0].Message; wrong != p.Detail {
				p.Error.Message += ": " + wrong
			}
		}
	}
	p.Errors = append(p.Errors, ProblemError{RequestID: p.RequestID})
	return p
}

// problemError carries an error of the core through huma to the one place where it is turned into a response.
type problemError struct {
	*Problem

	retryAfter int
}

func (e *problemError) Error() string                { return e.Detail }
func (e *problemError) GetStatus() int               { return e.Status }
func (e *problemError) GetHeaders() http.Header      { return retryHeaders(e.retryAfter) }
func (e *problemError) ContentType(string) string    { return problemType }
func (e *problemError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Problem) }

func retryHeaders(seconds int) http.Header {
	h := http.Header{}
	if seconds > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	return h
}

// fail turns an error of a use case into a response. An error without a kind is logged in full and shown as nothing but an
// internal one.
func (s *Server) fail(ctx context.Context, path string, err error) *problemError {
	var body *http.MaxBytesError
	var late *bodyError
	if fault.Of(err) == nil && errors.As(err, &body) {
		err = fault.TooLarge.Errorf("the body is larger than the limit")
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &problemError{Problem: newProblem(http.StatusServiceUnavailable, "the request was broken off").in(ctx, path)}
	}
	f := fault.Of(err)
	if (f == nil || f.Kind == fault.Unavailable) && errors.As(err, &late) { // stores take an error of what they read for their own
		return &problemError{Problem: newProblem(http.StatusRequestTimeout, frameworkDetail(http.StatusRequestTimeout)).in(ctx, path)}
	}
	if f == nil {
		s.log.Error("internal error", append(about(ctx), zap.String("path", path), zap.Error(err))...)
		return &problemError{Problem: newProblem(http.StatusInternalServerError, "something went wrong on our side").in(ctx, path)}
	}
	if f.Kind == fault.Unavailable {
		s.log.Warn("unavailable", append(about(ctx), zap.String("path", path), zap.Error(err))...)
	}
	p := problemOf(f)
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemError{Field: field.Field, Message: field.Rule})
	}
	return &problemError{Problem: p.in(ctx, path), retryAfter: int(math.Ceil(f.RetryAfter.Seconds()))}
}

// problemOf is a problem for an error of the core. A database that is busy is the server's trouble, and none of too many
// requests.
func problemOf(f *fault.Error) *Problem {
	p := newProblem(statusOf(f.Kind), f.Text)
	if f.Reason == fault.ReasonDatabase {
		p = codedProblem(http.StatusServiceUnavailable, "DATABASE_ERROR", f.Text)
	}
	p.Reason = f.Reason
	return p
}

// problemTransformer turns the framework's own errors into problems, without the values that it would echo.
func problemTransformer(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	status := unprocessable(model.Status)
	p := newProblem(status, frameworkDetail(status))
	for _, e := range model.Errors {
		p.Errors = append(p.Errors, fieldError(e))
	}
	u := ctx.URL()
	return p.in(ctx.Context(), u.Path), nil
}

func frameworkDetail(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "the request is not valid"
	case http.StatusRequestEntityTooLarge:
		return "the body is larger than the limit"
	case http.StatusUnsupportedMediaType:
		return "the content type is not supported"
	case http.StatusNotAcceptable:
		return "none of the accepted content types can be made"
	case http.StatusRequestTimeout:
		return "the body did not arrive whole, or not in time"
	}
	return "the request could not be served"
}

// unprocessable is the one status of input that is wrong: the framework answers 400 where JSON can't be read at all.
func unprocessable(status int) int {
	if status == http.StatusBadRequest {
		return http.StatusUnprocessableEntity
	}
	return status
}

// oneStatus is a context whose response never has the status 400; see unprocessable.
type oneStatus struct{ operationContext }

// operationContext is huma.Context by a name that doesn't hide its method Context when it is embedded.
type operationContext = huma.Context

// SetStatus implements huma.Context.
func (c oneStatus) SetStatus(status int) { c.operationContext.SetStatus(unprocessable(status)) }

// Unwrap lets humago.Unwrap reach the context below.
func (c oneStatus) Unwrap() huma.Context { return c.operationContext }

// fieldError names the field that an error of the framework is about; what is missing has no place of its own there.
func fieldError(e *huma.ErrorDetail) ProblemError {
	if m := missingField.FindStringSubmatch(e.Message); m != nil {
		return ProblemError{Field: fieldOf(e.Location + "." + m[1]), Message: "is required"}
	}
	if strings.HasPrefix(e.Message, "unexpected property") { // where it ends with what was sent
		filter, _, _ := strings.Cut(fieldOf(e.Location), ".")
		return ProblemError{Field: filter, Message: "has an unknown member"}
	}
	return ProblemError{Field: fieldOf(e.Location), Message: ruleOf(e.Message)}
}

var missingField = regexp.MustCompile(`^expected required property (\S+) to be present$`)

// fieldOf reduces the framework's location to the name of the field.
func fieldOf(location string) string {
	for _, prefix := range []string{"body.", "query.", "path.", "header.", "cookie."} {
		if rest, ok := strings.CutPrefix(location, prefix); ok {
			return rest
		}
	}
	return location
}

// ruleOf keeps the framework's messages apart from those that repeat what was sent.
func ruleOf(message string) string {
	if strings.HasPrefix(message, "expected") {
		return message
	}
	return "is not valid"
}

// writeProblem writes a problem outside of any operation.
func writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	p.in(r.Context(), r.URL.Path)
	p.write(w)
}

// write sends the problem with its length, so that a client which is still sending knows at once that this is all.
func (p *Problem) write(w http.ResponseWriter) {
	body, _ := json.Marshal(p) // strings and numbers
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client has left; nobody is there to tell
}

// writeError writes an error outside of any operation.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	p := s.fail(r.Context(), r.URL.Path, err)
	for name, values := range p.GetHeaders() {
		w.Header().Set(name, values[0])
	}
	p.write(w)
}
