CREATE TABLE `users` (
  `id` text NOT NULL,
  `email` text NOT NULL,
  `password_hash` text NOT NULL,
  `role` text NOT NULL,
  `active` integer NOT NULL,
  `token_version` integer NOT NULL,
  `created_at` integer NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `users_role_ck` CHECK (role IN ('admin', 'employee'))
) STRICT;
CREATE UNIQUE INDEX `users_email_uq` ON `users` (`email`);
CREATE INDEX `users_created_ix` ON `users` (`created_at`, `id`);
CREATE TABLE `api_keys` (
  `id` text NOT NULL,
  `name` text NOT NULL,
  `hash` text NOT NULL,
  `permissions` text NOT NULL,
  `workspaces` text NOT NULL,
  `created_by` text NOT NULL,
  `created_at` integer NOT NULL,
  `expires_at` integer NULL,
  `revoked_at` integer NULL,
  `last_used_at` integer NULL,
  PRIMARY KEY (`id`)
) STRICT;
CREATE UNIQUE INDEX `api_keys_hash_uq` ON `api_keys` (`hash`);
CREATE TABLE `workspaces` (
  `id` text NOT NULL,
  `name` text NOT NULL,
  `name_key` text NOT NULL,
  `description` text NOT NULL,
  `visibility` text NOT NULL,
  `owner_user_id` text NULL,
  `created_at` integer NOT NULL,
  `updated_at` integer NOT NULL,
  `archived_at` integer NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `workspaces_owner_fk` FOREIGN KEY (`owner_user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL,
  CONSTRAINT `workspaces_visibility_ck` CHECK (visibility IN ('PRIVATE', 'ORG_READ', 'SHARED'))
) STRICT;
CREATE UNIQUE INDEX `workspaces_owner_name_uq` ON `workspaces` (`owner_user_id`, `name_key`);
CREATE INDEX `workspaces_created_ix` ON `workspaces` (`created_at`, `id`);
CREATE TABLE `workspace_members` (
  `workspace_id` text NOT NULL,
  `user_id` text NOT NULL,
  `created_at` integer NOT NULL,
  PRIMARY KEY (`workspace_id`, `user_id`),
  CONSTRAINT `workspace_members_workspace_fk` FOREIGN KEY (`workspace_id`) REFERENCES `workspaces` (`id`) ON DELETE CASCADE,
  CONSTRAINT `workspace_members_user_fk` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) STRICT;
CREATE INDEX `workspace_members_user_ix` ON `workspace_members` (`user_id`, `workspace_id`);
CREATE TABLE `documents` (
  `id` text NOT NULL,
  `workspace_id` text NOT NULL,
  `title` text NOT NULL,
  `title_key` text NOT NULL,
  `source` text NOT NULL,
  `metadata` text NOT NULL,
  `tags` text NOT NULL,
  `allowed_roles` text NOT NULL,
  `uploaded_by_user_id` text NULL,
  `file_name` text NOT NULL,
  `media_type` text NOT NULL,
  `blob_key` text NOT NULL,
  `size` integer NOT NULL,
  `content_hash` text NOT NULL,
  `run` integer NOT NULL,
  `status` text NOT NULL,
  `failure_code` text NOT NULL,
  `failure_text` text NOT NULL,
  `stage` text NOT NULL,
  `progress_done` integer NOT NULL,
  `progress_total` integer NOT NULL,
  `generation_id` integer NULL,
  `language` text NOT NULL,
  `page_count` integer NOT NULL,
  `chunk_count` integer NOT NULL,
  `created_at` integer NOT NULL,
  `updated_at` integer NOT NULL,
  `deleted_at` integer NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `documents_workspace_fk` FOREIGN KEY (`workspace_id`) REFERENCES `workspaces` (`id`) ON DELETE CASCADE,
  CONSTRAINT `documents_status_ck` CHECK (status IN ('PENDING', 'PROCESSING', 'READY', 'FAILED', 'CANCELLED'))
) STRICT;
CREATE UNIQUE INDEX `documents_content_uq` ON `documents` (`workspace_id`, `content_hash`) WHERE deleted_at IS NULL;
CREATE INDEX `documents_created_ix` ON `documents` (`workspace_id`, `created_at`, `id`) WHERE deleted_at IS NULL;
CREATE INDEX `documents_title_ix` ON `documents` (`workspace_id`, `title_key`, `id`) WHERE deleted_at IS NULL;
CREATE INDEX `documents_restricted_ix` ON `documents` (`workspace_id`) WHERE allowed_roles <> '[]' AND deleted_at IS NULL;
CREATE INDEX `documents_blob_ix` ON `documents` (`blob_key`);
CREATE TABLE `generations` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `document_id` text NOT NULL,
  `workspace_id` text NOT NULL,
  `language` text NOT NULL,
  `body` text NOT NULL,
  `pages` text NOT NULL,
  `chunk_count` integer NOT NULL,
  `term_count` integer NOT NULL,
  `created_at` integer NOT NULL,
  CONSTRAINT `generations_document_fk` FOREIGN KEY (`document_id`) REFERENCES `documents` (`id`) ON DELETE CASCADE
) STRICT;
CREATE INDEX `generations_workspace_ix` ON `generations` (`workspace_id`, `id`);
CREATE INDEX `generations_document_ix` ON `generations` (`document_id`);
CREATE TABLE `chunks` (
  `no` integer NOT NULL,
  `id` text NOT NULL,
  `start_byte` integer NOT NULL,
  `end_byte` integer NOT NULL,
  `body` text NOT NULL,
  `page_from` integer NOT NULL,
  `page_to` integer NOT NULL,
  `headings` text NOT NULL,
  `embedded` blob NOT NULL,
  PRIMARY KEY (`no`)
) STRICT;
CREATE UNIQUE INDEX `chunks_id_uq` ON `chunks` (`id`);
CREATE INDEX `chunks_embedded_ix` ON `chunks` (`embedded`);
CREATE TABLE `embedding_spaces` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `name` text NOT NULL,
  `dimension` integer NOT NULL
) STRICT;
CREATE UNIQUE INDEX `embedding_spaces_name_uq` ON `embedding_spaces` (`name`);
CREATE TABLE `embeddings` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `space_id` integer NOT NULL,
  `hash` blob NOT NULL,
  `vector` blob NOT NULL,
  `created_at` integer NOT NULL,
  CONSTRAINT `embeddings_space_fk` FOREIGN KEY (`space_id`) REFERENCES `embedding_spaces` (`id`) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX `embeddings_hash_uq` ON `embeddings` (`hash`, `space_id`);
CREATE TABLE `index_stats` (
  `workspace_id` text NOT NULL,
  `language` text NOT NULL,
  `chunks` integer NOT NULL,
  `terms` integer NOT NULL,
  PRIMARY KEY (`workspace_id`, `language`),
  CONSTRAINT `index_stats_workspace_fk` FOREIGN KEY (`workspace_id`) REFERENCES `workspaces` (`id`) ON DELETE CASCADE
) STRICT;
CREATE TABLE `index_segments` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` text NOT NULL,
  `level` integer NOT NULL,
  `chunks` integer NOT NULL,
  CONSTRAINT `index_segments_workspace_fk` FOREIGN KEY (`workspace_id`) REFERENCES `workspaces` (`id`) ON DELETE CASCADE
) STRICT;
CREATE INDEX `index_segments_workspace_ix` ON `index_segments` (`workspace_id`, `level`, `id`);
CREATE TABLE `postings` (
  `segment_id` integer NOT NULL,
  `term` text NOT NULL,
  `data` blob NOT NULL,
  PRIMARY KEY (`segment_id`, `term`)
) WITHOUT ROWID, STRICT;
CREATE TABLE `index_tombstones` (
  `workspace_id` text NOT NULL,
  `generation_id` integer NOT NULL,
  PRIMARY KEY (`workspace_id`, `generation_id`)
) WITHOUT ROWID, STRICT;
CREATE TABLE `events` (
  `id` text NOT NULL,
  `name` text NOT NULL,
  `time` integer NOT NULL,
  `actor` text NOT NULL,
  `workspace_id` text NULL,
  `subject` text NOT NULL,
  `topic` text NOT NULL,
  `data` text NOT NULL,
  PRIMARY KEY (`id`)
) STRICT;
CREATE INDEX `events_workspace_ix` ON `events` (`workspace_id`, `id`);
CREATE TABLE `deliveries` (
  `event_id` text NOT NULL,
  `topic` text NOT NULL,
  `workspace_id` text NOT NULL,
  `state` text NOT NULL,
  `attempts` integer NOT NULL,
  `failures` integer NOT NULL,
  `available_at` integer NOT NULL,
  `lease_token` text NULL,
  `lease_until` integer NULL,
  `error` text NOT NULL,
  `settled_at` integer NULL,
  PRIMARY KEY (`event_id`),
  CONSTRAINT `deliveries_event_fk` FOREIGN KEY (`event_id`) REFERENCES `events` (`id`) ON DELETE CASCADE,
  CONSTRAINT `deliveries_state_ck` CHECK (state IN ('pending', 'leased', 'done', 'dead'))
) STRICT;
CREATE INDEX `deliveries_due_ix` ON `deliveries` (`topic`, `workspace_id`, `event_id`) WHERE state IN ('pending', 'leased');
CREATE INDEX `deliveries_state_ix` ON `deliveries` (`state`, `event_id`);
CREATE TABLE `delivery_turns` (
  `workspace_id` text NOT NULL,
  `served_at` integer NOT NULL,
  PRIMARY KEY (`workspace_id`)
) WITHOUT ROWID, STRICT;
CREATE TABLE `conversations` (
  `id` text NOT NULL,
  `workspace_id` text NOT NULL,
  `owner` text NOT NULL,
  `title` text NOT NULL,
  `created_at` integer NOT NULL,
  `updated_at` integer NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `conversations_workspace_fk` FOREIGN KEY (`workspace_id`) REFERENCES `workspaces` (`id`) ON DELETE CASCADE
) STRICT;
CREATE INDEX `conversations_owner_ix` ON `conversations` (`workspace_id`, `owner`, `updated_at`);
CREATE TABLE `messages` (
  `id` text NOT NULL,
  `conversation_id` text NOT NULL,
  `role` text NOT NULL,
  `body` text NOT NULL,
  `created_at` integer NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `messages_conversation_fk` FOREIGN KEY (`conversation_id`) REFERENCES `conversations` (`id`) ON DELETE CASCADE,
  CONSTRAINT `messages_role_ck` CHECK (role IN ('user', 'assistant'))
) STRICT;
CREATE INDEX `messages_conversation_ix` ON `messages` (`conversation_id`, `id`);
INSERT INTO users (id, email, password_hash, role, active, token_version, created_at)
VALUES ('0190a000-0000-7000-8000-000000000001', 'ada@example.com', 'hash', 'admin', 1, 3, 1700000000000000);
INSERT INTO workspaces (id, name, name_key, description, visibility, owner_user_id, created_at, updated_at)
VALUES ('0190a000-0000-7000-8000-000000000002', 'Old', 'old', 'from the first days', 'PRIVATE', '0190a000-0000-7000-8000-000000000001', 1700000000000001, 1700000000000001);
INSERT INTO documents (id, workspace_id, title, title_key, source, metadata, tags, allowed_roles, file_name, media_type, blob_key, size,
  content_hash, run, status, failure_code, failure_text, stage, progress_done, progress_total, language, page_count, chunk_count,
  created_at, updated_at)
VALUES ('0190a000-0000-7000-8000-000000000003', '0190a000-0000-7000-8000-000000000002', 'Handbook', 'handbook', '', '{"a":"b"}', '["x"]', '[]',
  'handbook.txt', 'text/plain', 'k', 5, 'aa', 1, 'FAILED', 'no_text', 'There is no text.', 'parsing', 0, 0, '', 0, 0,
  1700000000000002, 1700000000000002);
INSERT INTO events (id, name, time, actor, workspace_id, subject, topic, data)
VALUES ('0190a000-0000-7000-8000-000000000004', 'document.upload', 1700000000000003, 'system', '0190a000-0000-7000-8000-000000000002',
  '0190a000-0000-7000-8000-000000000003', 'documents', '{}');
INSERT INTO deliveries (event_id, topic, workspace_id, state, attempts, failures, available_at, error)
VALUES ('0190a000-0000-7000-8000-000000000004', 'documents', '0190a000-0000-7000-8000-000000000002', 'pending', 0, 0, 1700000000000003, '');
INSERT INTO conversations (id, workspace_id, owner, title, created_at, updated_at)
VALUES ('0190a000-0000-7000-8000-000000000005', '0190a000-0000-7000-8000-000000000002', 'user:0190a000-0000-7000-8000-000000000001', 'Q', 1700000000000004, 1700000000000004);
INSERT INTO messages (id, conversation_id, role, body, created_at)
VALUES ('0190a000-0000-7000-8000-000000000006', '0190a000-0000-7000-8000-000000000005', 'user', 'Who?', 1700000000000004);
