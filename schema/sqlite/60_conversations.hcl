table "conversations" {
  schema = schema.main
  strict = true
  column "id" { type = text }
  column "workspace_id" { type = text }
  // The actor, as in events: nobody else gets at it.
  column "owner" { type = text }
  column "title" { type = text }
  column "created_at" { type = integer }
  column "updated_at" { type = integer }
  primary_key { columns = [column.id] }
  foreign_key "conversations_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
  index "conversations_owner_ix" { columns = [column.workspace_id, column.owner, column.updated_at, column.id] }
}

table "messages" {
  schema = schema.main
  strict = true
  // The order in which messages were written: a question and its answer stand together whatever their times.
  column "no" {
    type           = integer
    auto_increment = true
  }
  column "id" { type = text }
  column "conversation_id" { type = text }
  column "role" { type = text }
  column "body" { type = text }
  column "created_at" { type = integer }
  // A JSON list; the format is adapters/sqlstore's.
  column "citations" {
    type    = text
    default = "[]"
  }
  // 1: the text is gone, because a document that it was made from is.
  column "erased" {
    type    = integer
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
  check "messages_role_ck" { expr = "role IN ('user', 'assistant')" }
}

// Which documents an answer was made from: when one of them goes, so do the words of the answer.
table "message_documents" {
  schema        = schema.main
  strict        = true
  without_rowid = true
  column "message_id" { type = text }
  column "document_id" { type = text }
  primary_key { columns = [column.message_id, column.document_id] }
  foreign_key "message_documents_message_fk" {
    columns     = [column.message_id]
    ref_columns = [table.messages.column.id]
    on_delete   = CASCADE
  }
  index "message_documents_document_ix" { columns = [column.document_id] }
}
