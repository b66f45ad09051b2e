package httpapi_test

import (
	"fmt"

	"github.com/ragcorp/ragcorp/core/identity"
)

// reach is what an operation needs of the workspace in its path.
type reach int

const (
	nowhere reach = iota // it is about no workspace
	reading
	writing
)

// rule is who may use an operation, and how it is tried.
type rule struct {
	public  bool                // anybody, and whatever credentials come along
	person  bool                // users only
	needs   identity.Permission // what the caller must hold
	reach   reach
	whole   bool // an API key that is limited to workspaces may not, whatever it holds
	hidden  bool // who may not change the workspace is told that there is none
	ok      int  // status for those who may; 0 means 200
	body    func(*world) any
	safe    bool // changes nothing, although it is no GET
	shows   bool // the response has words of the workspace
	targets string
	asked   bool // whoever may, reads what others have asked
	private bool // only whoever began the conversation in the path may, to all others there is none
}

// rules is the decision table. It has a row for every operation of the OpenAPI document, under the id without what follows
// the function's name.
func rules() map[string]rule {
	const admin = identity.AdminConfig
	const read, create, remove = identity.DocumentsRead, identity.DocumentsCreate, identity.DocumentsDelete
	return map[string]rule{
		"healthz": {public: true},
		"readyz":  {public: true},
		"openapi": {public: true},
		"metrics": {needs: identity.AdminMetrics},

		"login":             {public: true, safe: true, body: raw(`{"email":"Member@Example.org","password":"correct horse"}`)},
		"logout":            {public: true, safe: true},
		"me":                {person: true},
		"change_password":   {person: true, body: raw(`{"current_password":"correct horse","new_password":"battery staple"}`)},
		"logout_everywhere": {person: true},
		"list_users":        {needs: admin, whole: true},
		"create_user": {needs: admin, whole: true, ok: 201, body: func(w *world) any {
			return map[string]any{"email": fmt.Sprintf("new-%d@example.org", w.number), "password": "battery staple"}
		}},
		"disable_user":   {needs: admin, whole: true, targets: "user"},
		"enable_user":    {needs: admin, whole: true, targets: "user"},
		"delete_user":    {needs: admin, whole: true, targets: "user"},
		"reset_password": {needs: admin, whole: true, targets: "user", body: raw(`{"password":"battery staple"}`)},
		"list_keys":      {needs: admin, whole: true},
		"create_key":     {needs: admin, whole: true, ok: 201, body: raw(`{"name":"k","permissions":["admin:config"]}`)},
		"revoke_key":     {needs: admin, whole: true, targets: "key"},

		"admin_create_workspace": {needs: admin, whole: true, ok: 201, body: func(w *world) any {
			return map[string]any{"name": "new", "owner_user_id": w.spare.ID}
		}},
		"forget_user":                {needs: admin, whole: true},
		"admin_list_user_workspaces": {needs: admin},
		"list_audit_events":          {needs: admin, whole: true},
		"export_audit_events":        {needs: admin, whole: true, shows: true},
		"list_answers":               {needs: admin, whole: true, shows: true, asked: true},
		"export_answers":             {needs: admin, whole: true, shows: true, asked: true},
		"list_jobs":                  {needs: admin, whole: true},
		"replay_jobs":                {needs: admin, whole: true, safe: true, body: raw(`{}`)},
		"discard_jobs":               {needs: admin, whole: true, safe: true, body: raw(`{}`)},

		"list_workspaces": {needs: read, shows: true},
		"create_workspace": {needs: admin, whole: true, ok: 201, body: func(w *world) any {
			return map[string]any{"name": fmt.Sprintf("new %d", w.number)}
		}},
		"get_workspace":       {needs: read, reach: reading, shows: true},
		"update_workspace":    {needs: admin, reach: writing, body: raw(`{"description":"new"}`)},
		"delete_workspace":    {needs: admin, reach: writing},
		"archive_workspace":   {needs: admin, reach: writing},
		"unarchive_workspace": {needs: admin, reach: writing, hidden: true},
		"publish_workspace":   {needs: admin, reach: writing},
		"unpublish_workspace": {needs: admin, reach: writing},
		"share_workspace": {needs: admin, reach: writing, body: func(w *world) any {
			return map[string]any{"user_ids": []any{w.spare.ID}}
		}},
		"list_members": {needs: read, reach: writing},

		"list_documents":     {needs: read, reach: reading, shows: true},
		"get_document":       {needs: read, reach: reading, shows: true},
		"get_document_text":  {needs: read, reach: reading, shows: true},
		"download_document":  {needs: read, reach: reading, shows: true},
		"watch_document":     {needs: read, reach: reading},
		"update_document":    {needs: create, reach: writing, body: raw(`{"title":"new"}`)},
		"delete_document":    {needs: remove, reach: writing},
		"restore_document":   {needs: remove, reach: writing, ok: 404}, // it isn't deleted
		"reprocess_document": {needs: create, reach: writing, ok: 202},
		"cancel_document":    {needs: create, reach: writing, ok: 409}, // it is processed already
		"upload_document":    {needs: create, reach: writing, ok: 202, body: upload},
		"upload_documents":   {needs: create, reach: writing, ok: 202, body: upload},
		"ingest_text":        {needs: create, reach: writing, body: raw(`{"title":"new","text":"something new"}`)},
		"ingest_batch":       {needs: create, reach: writing, body: raw(`{"documents":[{"title":"new","text":"something new"}]}`)},

		"query_workspace":      {needs: identity.QuerySearch, reach: reading, safe: true, shows: true, body: raw(`{"query":"code of the vault","trace":true,"expand":"section"}`)},
		"ask_workspace":        {needs: identity.QueryAsk, reach: reading, safe: true, shows: true, body: raw(`{"query":"Where is the code of the vault?","expand":"neighbours"}`)},
		"ask_stream_workspace": {needs: identity.QueryStream, reach: reading, safe: true, shows: true, body: raw(`{"query":"Where is the code of the vault?"}`)},

		"list_models": {needs: identity.QueryAsk},
		"get_model":   {needs: identity.QueryAsk, reach: reading},
		// The workspace of a completion stands in its body; TestCompletionsLeakNothing tries the others.
		"create_chat_completion": {needs: identity.QueryAsk, reach: reading, safe: true, shows: true, body: func(w *world) any {
			return completionOf(w.mine.workspace.String(), false)
		}},

		"list_conversations":  {needs: identity.QueryAsk, reach: reading},
		"create_conversation": {needs: identity.QueryAsk, reach: reading, ok: 201, body: raw(`{"title":"new"}`)},
		"get_conversation":    {needs: identity.QueryAsk, reach: reading, private: true},
		"list_messages":       {needs: identity.QueryAsk, reach: reading, private: true, shows: true},
		"rename_conversation": {needs: identity.QueryAsk, reach: reading, private: true, body: raw(`{"title":"new"}`)},
		"delete_conversation": {needs: identity.QueryAsk, reach: reading, private: true},
		"rate_answer":         {needs: identity.QueryAsk, reach: reading, private: true, body: raw(`{"vote":"down"}`)},
		"get_rating":          {needs: identity.QueryAsk, reach: reading, private: true},
		"unrate_answer":       {needs: identity.QueryAsk, reach: reading, private: true},
	}
}

// raw is a body that is sent as it is.
func raw(body string) func(*world) any { return func(*world) any { return body } }

func upload(*world) any {
	return form{name: "new.txt", content: "something new", fields: map[string]string{"title": "new"}}
}
