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

// What is kept of each answer for those who answer for the answers. It outlives the conversation.
table "answers" {
  schema = schema.main
  strict = true
  // The message's.
  column "id" { type = text }
  column "workspace_id" { type = text }
  column "conversation_id" {
    type = text
    null = true
  }
  // As in events; anonymous when the user is forgotten.
  column "actor" { type = text }
  column "created_at" { type = integer }
  column "language" { type = text }
  column "model" { type = text }
  column "prompt_version" { type = text }
  column "policy" { type = text }
  column "evidence" { type = integer }
  column "grounded" { type = integer }
  column "refused" { type = integer }
  // 1: the question looks like prompt injection.
  column "suspicious" {
    type    = integer
    default = 0
  }
  column "sources" { type = integer }
  column "citations" { type = integer }
  // In thousandths.
  column "confidence" { type = integer }
  column "level" { type = text }
  column "verify" { type = integer }
  column "high_risk" { type = integer }
  column "rewriting_us" { type = integer }
  column "searching_us" { type = integer }
  column "generating_us" { type = integer }
  column "took_us" { type = integer }
  column "input_tokens" {
    type = integer
    null = true
  }
  column "output_tokens" {
    type = integer
    null = true
  }
  // up, down, neutral, or empty while nobody has rated it.
  column "rating" { type = text }
  // 1: words are gone, because the user or a document is.
  column "erased" { type = integer }
  column "query" { type = text }
  column "searched" { type = text }
  column "preview" { type = text }
  primary_key { columns = [column.id] }
  foreign_key "answers_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
  foreign_key "answers_conversation_fk" {
    columns     = [column.conversation_id]
    ref_columns = [table.conversations.column.id]
    on_delete   = SET_NULL
  }
  index "answers_created_ix" { columns = [column.created_at, column.id] }
  index "answers_workspace_ix" { columns = [column.workspace_id, column.created_at, column.id] }
  index "answers_conversation_ix" { columns = [column.conversation_id] }
  index "answers_actor_ix" { columns = [column.actor, column.created_at] }
  index "answers_risk_ix" {
    columns = [column.created_at, column.id]
    where   = "high_risk = 1"
  }
}

table "answer_documents" {
  schema        = schema.main
  strict        = true
  without_rowid = true
  column "answer_id" { type = text }
  column "document_id" { type = text }
  primary_key { columns = [column.answer_id, column.document_id] }
  foreign_key "answer_documents_answer_fk" {
    columns     = [column.answer_id]
    ref_columns = [table.answers.column.id]
    on_delete   = CASCADE
  }
  index "answer_documents_document_ix" { columns = [column.document_id] }
}

// What whoever asked says about an answer.
table "feedback" {
  schema = schema.main
  strict = true
  column "message_id" { type = text }
  column "owner" { type = text }
  column "vote" { type = text }
  // A JSON list.
  column "tags" { type = text }
  column "created_at" { type = integer }
  column "updated_at" { type = integer }
  column "comment" { type = text }
  primary_key { columns = [column.message_id, column.owner] }
  foreign_key "feedback_message_fk" {
    columns     = [column.message_id]
    ref_columns = [table.messages.column.id]
    on_delete   = CASCADE
  }
  check "feedback_vote_ck" { expr = "vote IN ('up', 'down', 'neutral')" }
}

// Users and API keys that were deleted: nothing is stored for them any more, whatever was on its way.
table "departed" {
  schema = schema.main
  strict = true
  // As in events.
  column "actor" { type = text }
  primary_key { columns = [column.actor] }
}
