table "conversations" {
  schema = schema.public
  column "id" { type = uuid }
  column "workspace_id" { type = uuid }
  // The actor, as in events: nobody else gets at it.
  column "owner" { type = text }
  column "title" { type = text }
  column "created_at" { type = bigint }
  column "updated_at" { type = bigint }
  primary_key { columns = [column.id] }
  foreign_key "conversations_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
  index "conversations_owner_ix" { columns = [column.workspace_id, column.owner, column.updated_at, column.id] }
}

table "messages" {
  schema = schema.public
  // The order in which messages were written: a question and its answer stand together whatever their times.
  column "no" {
    type = bigint
    identity { generated = BY_DEFAULT }
  }
  column "id" { type = uuid }
  column "conversation_id" { type = uuid }
  column "role" { type = text }
  column "body" { type = text }
  column "created_at" { type = bigint }
  // A JSON list; the format is adapters/sqlstore's.
  column "citations" {
    type    = text
    default = "[]"
  }
  // 1: the text is gone, because a document that it was made from is.
  column "erased" {
    type    = bigint
    default = 0
  }
  primary_key { columns = [column.no] }
  foreign_key "messages_conversation_fk" {
    columns     = [column.conversation_id]
    ref_columns = [table.conversations.column.id]
    on_delete   = CASCADE
  }
  index "messages_id_uq" {
    unique  = true
    columns = [column.id]
  }
  index "messages_conversation_ix" { columns = [column.conversation_id, column.no] }
  check "messages_role_ck" { expr = "(role = ANY (ARRAY['user'::text, 'assistant'::text]))" }
}

// Which documents an answer was made from: when one of them goes, so do the words of the answer.
table "message_documents" {
  schema = schema.public
  column "message_id" { type = uuid }
  column "document_id" { type = uuid }
  primary_key { columns = [column.message_id, column.document_id] }
  foreign_key "message_documents_message_fk" {
    columns     = [column.message_id]
    ref_columns = [table.messages.column.id]
    on_delete   = CASCADE
  }
  index "message_documents_document_ix" { columns = [column.document_id] }
}
