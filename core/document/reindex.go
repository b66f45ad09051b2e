package document

import (
	"context"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Reindex makes the lexical index of a workspace anew from the stored texts, by the titles that documents have now, and says
// how many chunks it holds. Searches go on meanwhile, and vectors stay. The actor needs the permission
// identity.AdminConfig.
func (s *Service) Reindex(ctx context.Context, a identity.Actor, ws workspace.ID) (chunks int, err error) {
	if !a.Can(identity.AdminConfig) {
		return 0, fault.Denied.Errorf("you may not make an index anew")
	}
	if _, err := s.workspaces.Get(ctx, a, ws); err != nil {
		return 0, err
	}
	chunks, err = s.ports.Janitor.Reindex(ctx, ws, s.termsOf)
	if err != nil {
		return chunks, err
	}
	e := event.New("admin.reindex", a.String(), s.opts.Now(), map[string]any{"chunks": chunks})
	e.Workspace = ws
	return chunks, s.ports.Events.Append(ctx, e)
}

// termsOf is TermsOf as the pipeline analyses.
func (s *Service) termsOf(title string, l text.Language, c Chunk) []Term {
	tokens := weighTitles(text.Analyse(l, embedInput(title, c)), len(titles(title, c)), s.opts.TitleWeight)
	return countTerms(tokens, new([]string))
}
