package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// answerRow is a row of answers.
type answerRow struct {
	bun.BaseModel `bun:"table:answers,alias:a"`

	ID           uuid.UUID  `bun:"id,pk"`
	Workspace    uuid.UUID  `bun:"workspace_id"`
	Conversation *uuid.UUID `bun:"conversation_id"`
	Actor        string     `bun:"actor"`
	CreatedAt    int64      `bun:"created_at"`
	Language     string     `bun:"language"`
	Model        string     `bun:"model"`
	Prompt       string     `bun:"prompt_version"`
	Policy       string     `bun:"policy"`
	Evidence     int        `bun:"evidence"`
	Grounded     int        `bun:"grounded"`
	Refused      int        `bun:"refused"`
	Suspicious   int        `bun:"suspicious"`
	Sources      int        `bun:"sources"`
	Citations    int        `bun:"citations"`
	Confidence   int        `bun:"confidence"`
	Level        string     `bun:"level"`
	Verify       int        `bun:"verify"`
	HighRisk     int        `bun:"high_risk"`
	Rewriting    int64      `bun:"rewriting_us"`
	Searching    int64      `bun:"searching_us"`
	Generating   int64      `bun:"generating_us"`
	Took         int64      `bun:"took_us"`
	InputTokens  *int64     `bun:"input_tokens"`
	OutputTokens *int64     `bun:"output_tokens"`
	Rating       string     `bun:"rating"`
	Erased       int        `bun:"erased"`
	Query        string     `bun:"query"`
	Searched     string     `bun:"searched"`
	Preview      string     `bun:"preview"`
}

// answerDocumentRow is a row of answer_documents.
type answerDocumentRow struct {
	bun.BaseModel `bun:"table:answer_documents,alias:ad"`

	Answer   uuid.UUID `bun:"answer_id,pk"`
	Document uuid.UUID `bun:"document_id,pk"`
}

func rowOfAnswer(r chat.Record) answerRow {
	row := answerRow{
		ID: r.ID, Workspace: r.Workspace, Conversation: nullable(r.Conversation), Actor: r.Actor, CreatedAt: micros(r.Time),
		Language: string(r.Language), Model: storable(r.Model), Prompt: r.Prompt, Policy: string(r.Policy),
		Evidence: flag(r.Evidence), Grounded: flag(r.Grounded), Refused: flag(r.Refused), Suspicious: flag(r.Suspicious), Sources: r.Sources, Citations: r.Citations,
		Confidence: int(1000*r.Value + 0.5), Level: string(r.Level), Verify: flag(r.Verify), HighRisk: flag(r.HighRisk),
		Rewriting: r.Rewriting.Microseconds(), Searching: r.Searching.Microseconds(), Generating: r.Generating.Microseconds(),
		Took: r.Took.Microseconds(), Query: storable(r.Query), Searched: storable(r.Searched), Preview: storable(r.Preview),
	}
	if r.Usage != nil {
		in, out := int64(r.Usage.InputTokens), int64(r.Usage.OutputTokens)
		row.InputTokens, row.OutputTokens = &in, &out
	}
	return row
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func lasting(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

func (r answerRow) record() chat.Record {
	out := chat.Record{
		ID: r.ID, Time: moment(r.CreatedAt), Workspace: r.Workspace, Conversation: value(r.Conversation), Actor: r.Actor,
		Query: r.Query, Searched: r.Searched, Preview: r.Preview, Erased: r.Erased != 0, Language: text.Language(r.Language),
		Evidence: r.Evidence != 0, Grounded: r.Grounded != 0, Refused: r.Refused != 0, Suspicious: r.Suspicious != 0, Sources: r.Sources, Citations: r.Citations,
		Confidence: chat.Confidence{
			Value: float64(r.Confidence) / 1000, Level: chat.Level(r.Level), Verify: r.Verify != 0, HighRisk: r.HighRisk != 0,
		},
		Model: r.Model, Prompt: r.Prompt, Policy: workspace.AnswerPolicy(r.Policy), Rating: chat.Vote(r.Rating),
		Timings: chat.Timings{
			Rewriting: lasting(r.Rewriting), Searching: lasting(r.Searching), Generating: lasting(r.Generating), Took: lasting(r.Took),
		},
	}
	if r.InputTokens != nil && r.OutputTokens != nil {
		out.Usage = &llm.Usage{InputTokens: int(*r.InputTokens), OutputTokens: int(*r.OutputTokens)}
	}
	return out
}

// insertAnswer writes the record of an answer. Its workspace is the scope's.
func insertAnswer(ctx context.Context, tx bun.Tx, s workspace.Scope, r *chat.Record) error {
	if r == nil {
		return nil
	}
	row := rowOfAnswer(*r)
	row.Workspace = s.Workspace()
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return fmt.Errorf("write the record of answer %s: %w", r.ID, err)
	}
	if len(r.Documents) == 0 {
		return nil
	}
	ids := distinctIDs(r.Documents)
	rows := make([]answerDocumentRow, len(ids))
	for i, id := range ids {
		rows[i] = answerDocumentRow{Answer: r.ID, Document: id}
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("write documents of answer %s: %w", r.ID, err)
	}
	return nil
}

// Records implements chat.Store.
func (cs conversations) Records(ctx context.Context, q chat.RecordSearch) ([]chat.Record, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	var out []chat.Record
	err := cs.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		var rows []answerRow
		sel := tx.NewSelect().Model(&rows).OrderExpr("a.created_at DESC, a.id DESC").Limit(int64(q.Limit))
		if err := chooseRecords(sel, q).Scan(ctx); err != nil {
			return fmt.Errorf("find records: %w", err)
		}
		out = make([]chat.Record, len(rows))
		at := map[uuid.UUID]*chat.Record{}
		for i, r := range rows {
			out[i] = r.record()
			at[r.ID] = &out[i]
		}
		return completeRecords(ctx, tx, at)
	})
	return out, err
}

// chooseRecords narrows a select from answers as a to what the search chooses.
func chooseRecords(sel *bun.SelectQuery, q chat.RecordSearch) *bun.SelectQuery {
	for _, c := range []struct {
		set   bool
		where string
		value any
	}{
		{q.Workspace != uuid.Nil, "a.workspace_id = ?", q.Workspace},
		{q.Level != "", "a.level = ?", q.Level},
		{q.Rating != "", "a.rating = ?", q.Rating},
		{q.HighRisk, "a.high_risk = ?", 1},
		{q.Verify, "a.verify = ?", 1},
		{q.Unanswered, "a.evidence = ?", 0},
		{!q.Start.IsZero(), "a.created_at >= ?", ceilMicros(q.Start)},
		{!q.End.IsZero(), "a.created_at <= ?", micros(q.End)},
	} {
		if c.set {
			sel.Where(c.where, c.value)
		}
	}
	if len(q.Actors) > 0 {
		sel.Where("a.actor IN (?)", bun.List(q.Actors))
	}
	if q.After != (chat.Position{}) {
		sel.Where("(a.created_at, a.id) < (?, ?)", micros(q.After.UpdatedAt), q.After.ID)
	}
	return sel
}

// completeRecords reads what other tables have of records.
func completeRecords(ctx context.Context, tx bun.Tx, at map[uuid.UUID]*chat.Record) error {
	if len(at) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, 0, len(at))
	for id := range at {
		ids = append(ids, id)
	}
	var documents []answerDocumentRow
	err := tx.NewSelect().Model(&documents).Where("ad.answer_id IN (?)", bun.List(ids)).OrderExpr("ad.answer_id, ad.document_id").Scan(ctx)
	if err != nil {
		return fmt.Errorf("read documents of answers: %w", err)
	}
	for _, d := range documents {
		at[d.Answer].Documents = append(at[d.Answer].Documents, d.Document)
	}
	var feedback []feedbackRow
	if err := tx.NewSelect().Model(&feedback).Where("f.message_id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return fmt.Errorf("read feedback on answers: %w", err)
	}
	for _, r := range feedback {
		f, err := r.feedback()
		if err != nil {
			return err
		}
		at[r.Message].Feedback = &f
	}
	return nil
}

// eraseAnswers removes the words of all answers that were made from a document, in conversations and in records.
func eraseAnswers(ctx context.Context, tx bun.Tx, id document.ID) error {
	if err := eraseMessages(ctx, tx, id); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model((*answerRow)(nil)).Set("preview = ''").Set("erased = 1").
		Where("id IN (SELECT ad.answer_id FROM answer_documents AS ad WHERE ad.document_id = ?)", id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("erase records of answers made from %s: %w", id, err)
	}
	return nil
}

// Note implements chat.Store.
func (cs conversations) Note(ctx context.Context, s workspace.Scope, r chat.Record) error {
	r.Conversation = uuid.Nil
	return cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := cs.s.welcome(ctx, tx, s.Workspace(), r.Actor); err != nil {
			return err
		}
		if err := insertAnswer(ctx, tx, s, &r); err != nil {
			return err
		}
		return cs.eraseLate(ctx, tx, distinctIDs(r.Documents))
	})
}

// Forget implements chat.Store.
func (cs conversations) Forget(ctx context.Context, owner string, events ...event.Event) (forgotten int, err error) {
	err = cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if forgotten, err = forgetOwner(ctx, tx, owner); err != nil {
			return err
		}
		return insertEvents(ctx, tx, events...)
	})
	return forgotten, err
}

// forgetOwner removes what an owner has asked, and says how many conversations that were.
func forgetOwner(ctx context.Context, tx bun.Tx, owner string) (int, error) {
	res, err := tx.NewDelete().Model((*conversationRow)(nil)).Where("owner = ?", owner).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("delete the conversations of %s: %w", owner, err)
	}
	n, err := rowCount(res)
	if err != nil {
		return 0, err
	}
	_, err = tx.NewUpdate().Model((*answerRow)(nil)).Set("actor = ?", identity.Anonymous).Set("query = ''").Set("searched = ''").
		Set("preview = ''").Set("erased = 1").Where("actor = ?", owner).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("make the records of %s anonymous: %w", owner, err)
	}
	return n, nil
}

// PruneConversations implements chat.Store.
func (cs conversations) PruneConversations(ctx context.Context, before time.Time) (int, error) {
	return cs.prune(ctx, (*conversationRow)(nil), "updated_at < ?", before)
}

// PruneRecords implements chat.Store.
func (cs conversations) PruneRecords(ctx context.Context, before time.Time) (int, error) {
	return cs.prune(ctx, (*answerRow)(nil), "created_at < ?", before)
}

func (cs conversations) prune(ctx context.Context, model any, old string, before time.Time) (removed int, err error) {
	err = cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewDelete().Model(model).Where(old, micros(before)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete what is older than %s: %w", before, err)
		}
		removed, err = rowCount(res)
		return err
	})
	return removed, err
}
