table "documents" {
  schema = schema.public
  column "id" { type = uuid }
  column "workspace_id" { type = uuid }
  column "title" { type = text }
  // The title in lower case, by which lists sort.
  column "title_key" { type = text }
  column "source" { type = text }
  column "tags" { type = text }
  column "allowed_roles" { type = text }
  column "uploaded_by_user_id" {
    type = uuid
    null = true
  }
  column "file_name" { type = text }
  column "media_type" { type = text }
  column "blob_key" { type = text }
  column "size" { type = bigint }
  column "content_hash" { type = text }
  column "run" { type = bigint }
  column "status" { type = text }
  column "failure_code" { type = text }
  column "failure_text" { type = text }
  column "stage" { type = text }
  column "progress_done" { type = bigint }
  column "progress_total" { type = bigint }
  // The visible generation; null when there is none.
  column "generation_id" {
    type = bigint
    null = true
  }
  column "language" { type = text }
  column "page_count" { type = bigint }
  column "chunk_count" { type = bigint }
  column "created_at" { type = bigint }
  column "updated_at" { type = bigint }
  column "deleted_at" {
    type = bigint
    null = true
  }
  // The document in whose file this one was; null for none.
  column "parent_id" {
    type = uuid
    null = true
  }
  // Where in the parent's file it was; empty without a parent.
  column "inside_path" {
    type    = text
    default = ""
  }
  // The client's own name for the document; empty where it has none.
  column "external_id" {
    type    = text
    default = ""
  }
  column "metadata" { type = text }
  // What the file says about itself, a JSON object of strings.
  column "properties" {
    type    = text
    default = "{}"
  }
  // Source, file name and metadata in lower case, in which lists look for substrings.
  column "search_key" {
    type    = text
    default = ""
  }
  primary_key { columns = [column.id] }
  foreign_key "documents_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
  // A document is known by the client's name for it, or else by its content.
  index "documents_content_uq" {
    unique  = true
    columns = [column.workspace_id, column.content_hash]
    where   = "((deleted_at IS NULL) AND (external_id = ''::text))"
  }
  index "documents_content_ix" {
    columns = [column.workspace_id, column.content_hash]
    where   = "(deleted_at IS NULL)"
  }
  index "documents_external_uq" {
    unique  = true
    columns = [column.workspace_id, column.external_id]
    where   = "((deleted_at IS NULL) AND (external_id <> ''::text))"
  }
  index "documents_source_ix" {
    columns = [column.workspace_id, column.source]
    where   = "((deleted_at IS NULL) AND (source <> ''::text))"
  }
  index "documents_created_ix" {
    columns = [column.workspace_id, column.created_at, column.id]
    where   = "(deleted_at IS NULL)"
  }
  index "documents_title_ix" {
    columns = [column.workspace_id, column.title_key, column.id]
    where   = "(deleted_at IS NULL)"
  }
  index "documents_restricted_ix" {
    columns = [column.workspace_id]
    where   = "((allowed_roles <> '[]'::text) AND (deleted_at IS NULL))"
  }
  index "documents_parent_ix" {
    columns = [column.parent_id, column.inside_path]
    where   = "(parent_id IS NOT NULL)"
  }
  index "documents_blob_ix" { columns = [column.blob_key] }
  check "documents_status_ck" { expr = "(status = ANY (ARRAY['PENDING'::text, 'PROCESSING'::text, 'READY'::text, 'FAILED'::text, 'CANCELLED'::text]))" }
}

table "generations" {
  schema = schema.public
  column "id" {
    type = bigint
    identity { generated = BY_DEFAULT }
  }
  column "document_id" { type = uuid }
  column "workspace_id" { type = uuid }
  column "language" { type = text }
  column "chunk_count" { type = bigint }
  // Terms in all chunks, repeated ones counted each time.
  column "term_count" { type = bigint }
  column "created_at" { type = bigint }
  // The document's, under which the chunks were embedded; "" for what was stored before titles were kept.
  column "title" {
    type    = text
    default = ""
  }
  // A JSON list; the format is adapters/sqlstore's.
  column "pages" { type = text }
  column "body" { type = text }
  primary_key { columns = [column.id] }
  foreign_key "generations_document_fk" {
    columns     = [column.document_id]
    ref_columns = [table.documents.column.id]
    on_delete   = CASCADE
  }
  index "generations_workspace_ix" { columns = [column.workspace_id, column.id] }
  index "generations_document_ix" { columns = [column.document_id] }
}

// A chunk's number is its generation's id times 2^20 plus its ordinal, so a generation's chunks stand together and a
// number alone says which generation it belongs to.
table "chunks" {
  schema = schema.public
  column "no" { type = bigint }
  column "id" { type = uuid }
  // SHA-256 of the text that was embedded: the key of the vector in embeddings.
  column "embedded" { type = bytea }
  column "start_byte" { type = bigint }
  column "end_byte" { type = bigint }
  column "page_from" { type = bigint }
  column "page_to" { type = bigint }
  // Rows of a sheet or records of a file; 0 where there are none.
  column "row_from" {
    type    = bigint
    default = 0
  }
  column "row_to" {
    type    = bigint
    default = 0
  }
  column "headings" { type = text }
  // Bytes of the section that the chunk is in; 0 and 0 where there is none, and for what was stored before sections were kept.
  column "section_start" {
    type    = bigint
    default = 0
  }
  column "section_end" {
    type    = bigint
    default = 0
  }
  // Header of the table that the chunk begins inside: it is indexed with the chunk.
  column "lead" {
    type    = text
    default = ""
  }
  // What a model wrote to place the chunk in its document; it is embedded and indexed with the chunk, and never shown as its text.
  column "context" {
    type    = text
    default = ""
  }
  // Hash of what the context was asked for; null where none was.
  column "context_key" {
    type = bytea
    null = true
  }
  column "body" { type = text }
  primary_key { columns = [column.no] }
  index "chunks_id_uq" {
    unique  = true
    columns = [column.id]
  }
  index "chunks_embedded_ix" { columns = [column.embedded] }
}

// Contexts that a model has written for chunks that are not visible yet: what was paid for once is not asked for again when
// the work goes on. The switch that makes the chunks visible removes them.
table "chunk_contexts" {
  schema = schema.public
  column "document_id" { type = uuid }
  column "key" { type = bytea }
  column "created_at" { type = bigint }
  column "body" { type = text }
  primary_key { columns = [column.document_id, column.key] }
  foreign_key "chunk_contexts_document_fk" {
    columns     = [column.document_id]
    ref_columns = [table.documents.column.id]
    on_delete   = CASCADE
  }
}

table "embedding_spaces" {
  schema = schema.public
  column "id" {
    type = bigint
    identity { generated = BY_DEFAULT }
  }
  column "name" { type = text }
  column "dimension" { type = bigint }
  // 1 for the one in which searches look; where there is none, that is the model's own.
  column "serving" {
    type    = bigint
    default = 0
  }
  primary_key { columns = [column.id] }
  index "embedding_spaces_name_uq" {
    unique  = true
    columns = [column.name]
  }
  index "embedding_spaces_serving_uq" {
    unique  = true
    columns = [column.serving]
    where   = "(serving = 1)"
  }
}

table "embeddings" {
  schema = schema.public
  column "id" {
    type = bigint
    identity { generated = BY_DEFAULT }
  }
  column "space_id" { type = bigint }
  column "hash" { type = bytea }
  column "created_at" { type = bigint }
  // Of the dimension of its space; untyped, because the schema knows none.
  column "vector" { type = sql("vector") }
  primary_key { columns = [column.id] }
  foreign_key "embeddings_space_fk" {
    columns     = [column.space_id]
    ref_columns = [table.embedding_spaces.column.id]
    on_delete   = CASCADE
  }
  index "embeddings_hash_uq" {
    unique  = true
    columns = [column.hash, column.space_id]
  }
}
