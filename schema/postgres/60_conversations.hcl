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

// What is kept of each answer for those who answer for the answers. It outlives the conversation.
table "answers" {
  schema = schema.public
  // The message's.
  column "id" { type = uuid }
  column "workspace_id" { type = uuid }
  column "conversation_id" {
    type = uuid
    null = true
  }
  // As in events; anonymous when the user is forgotten.
  column "actor" { type = text }
  column "created_at" { type = bigint }
  column "language" { type = text }
  column "model" { type = text }
  column "prompt_version" { type = text }
  column "policy" { type = text }
  column "evidence" { type = bigint }
  column "grounded" { type = bigint }
  column "refused" { type = bigint }
  // 1: the question looks like prompt injection.
  column "suspicious" {
    type    = bigint
    default = 0
  }
  column "sources" { type = bigint }
  column "citations" { type = bigint }
  // In thousandths.
  column "confidence" { type = bigint }
  column "level" { type = text }
  column "verify" { type = bigint }
  column "high_risk" { type = bigint }
  column "rewriting_us" { type = bigint }
  column "searching_us" { type = bigint }
  column "generating_us" { type = bigint }
  column "took_us" { type = bigint }
  column "input_tokens" {
    type = bigint
    null = true
  }
  column "output_tokens" {
    type = bigint
    null = true
  }
  // up, down, neutral, or empty while nobody has rated it.
  column "rating" { type = text }
  // 1: words are gone, because the user or a document is.
  column "erased" { type = bigint }
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
    where   = "(high_risk = 1)"
  }
}

table "answer_documents" {
  schema = schema.public
  column "answer_id" { type = uuid }
  column "document_id" { type = uuid }
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
  schema = schema.public
  column "message_id" { type = uuid }
  column "owner" { type = text }
  column "vote" { type = text }
  // A JSON list.
  column "tags" { type = text }
  column "created_at" { type = bigint }
  column "updated_at" { type = bigint }
  column "comment" { type = text }
  primary_key { columns = [column.message_id, column.owner] }
  foreign_key "feedback_message_fk" {
    columns     = [column.message_id]
    ref_columns = [table.messages.column.id]
    on_delete   = CASCADE
  }
  check "feedback_vote_ck" { expr = "(vote = ANY (ARRAY['up'::text, 'down'::text, 'neutral'::text]))" }
}

// Users and API keys that were deleted: nothing is stored for them any more, whatever was on its way.
table "departed" {
  schema = schema.public
  // As in events.
  column "actor" { type = text }
  primary_key { columns = [column.actor] }
}
