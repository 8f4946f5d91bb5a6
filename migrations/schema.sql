-- Generated from migrations/ by npm run db:write; compared in CI.

create table absence (
  id uuid not null,
  person_id uuid not null,
  substitute_id uuid,
  starts_at timestamp(3) with time zone not null,
  ends_at timestamp(3) with time zone not null,
  process_keys text[] not null,
  subject_types text[] not null default '{}'::text[],
  created_by_id uuid,
  created_at timestamp(3) with time zone
);

create table app_user (
  id uuid not null,
  email text not null,
  name text not null,
  password_hash text,
  active boolean not null default true,
  language text not null default 'en'::text,
  department_id uuid,
  manager_id uuid,
  created_at timestamp(3) with time zone not null,
  left_at timestamp(3) with time zone,
  leaving_reason text,
  successor_id uuid,
  calendar_key text
);

create table approval_assignment (
  id uuid not null,
  request_id uuid not null,
  ordinal integer not null,
  step_key text not null,
  round integer not null,
  attempt integer not null,
  person_id uuid not null,
  status text not null,
  rule text not null,
  ballot_group text,
  weight double precision not null,
  veto boolean not null,
  required boolean not null,
  position integer not null,
  waits_for integer,
  hand_over_kind text,
  hand_over_from_id uuid,
  previous_ordinal integer,
  added_by_id uuid,
  opened_at timestamp(3) with time zone,
  due_at timestamp(3) with time zone,
  urgent_at timestamp(3) with time zone not null,
  decided_at timestamp(3) with time zone,
  decided_by_id uuid,
  comment text,
  evidence text,
  reason text,
  pool text,
  claimed_at timestamp(3) with time zone
);

create table approval_event (
  id uuid not null,
  request_id uuid not null,
  sequence integer not null,
  type text not null,
  actor_id uuid,
  at timestamp(3) with time zone not null,
  canonical text not null,
  digest text not null
);

create table approval_group (
  key text not null,
  title_en text not null,
  title_zh text not null,
  version integer not null default 1,
  changed_because text
);

create table approval_group_member (
  id uuid not null,
  group_key text not null,
  person_id uuid not null
);

create table approval_interest (
  id uuid not null,
  request_id uuid not null,
  person_id uuid not null,
  because text not null,
  position integer not null default 0,
  lapsed boolean not null default false
);

create table approval_preview (
  id uuid not null,
  request_id uuid not null,
  round integer not null,
  steps jsonb not null,
  differences jsonb not null
);

create table approval_question (
  id uuid not null,
  request_id uuid not null,
  number integer not null,
  step_key text not null,
  round integer not null,
  attempt integer not null,
  ordinal integer not null,
  asked_by_id uuid not null,
  asked_of_id uuid not null,
  question text not null,
  stops_clock boolean not null,
  status text not null,
  asked_at timestamp(3) with time zone not null,
  answer text,
  answered_at timestamp(3) with time zone
);

create table approval_reader (
  id uuid not null,
  request_id uuid not null,
  person_id uuid not null,
  added_by_id uuid not null
);

create table approval_request (
  id uuid not null,
  number text not null,
  process_version_id uuid not null,
  subject_type text not null,
  subject_id uuid not null,
  purpose text not null,
  status text not null,
  paused_at timestamp(3) with time zone,
  round integer not null,
  title text not null,
  subject_number text not null,
  amount numeric(18,2),
  currency character(3),
  owner_id uuid not null,
  department_id uuid,
  requester_id uuid not null,
  content jsonb not null,
  digest text not null,
  submitted_at timestamp(3) with time zone not null,
  ended_at timestamp(3) with time zone,
  returned_by_id uuid,
  last_nudged_at timestamp(3) with time zone,
  fact_count integer not null,
  chain_head text not null,
  expires_at timestamp(3) with time zone,
  choices jsonb not null default '[]'::jsonb,
  carried_over jsonb,
  attachments jsonb not null default '[]'::jsonb,
  pause_cause text,
  contact_id uuid
);

create table approval_standing (
  id uuid not null,
  subject_type text not null,
  subject_id uuid not null,
  purpose text not null,
  request_id uuid not null,
  touched_fields jsonb not null default '[]'::jsonb,
  voided_steps jsonb not null default '[]'::jsonb,
  asked_steps jsonb not null default '[]'::jsonb,
  changed_by_id uuid,
  changed_at timestamp(3) with time zone
);

create table approval_step (
  id uuid not null,
  request_id uuid not null,
  ordinal integer not null,
  key text not null,
  round integer not null,
  attempt integer not null,
  status text not null,
  title_en text not null,
  title_zh text not null,
  interest_allowed boolean not null,
  opened_at timestamp(3) with time zone not null,
  due_at timestamp(3) with time zone,
  closed_at timestamp(3) with time zone,
  reason text,
  rung integer not null,
  timers jsonb not null default '[]'::jsonb,
  clock_stopped_at timestamp(3) with time zone,
  calendar_key text
);

create table approval_text (
  commitment text not null,
  request_id uuid not null,
  sequence integer not null,
  name text not null,
  salt text,
  value text,
  erased_at timestamp(3) with time zone,
  erased_by_id uuid,
  reason text
);

create table attachment (
  id uuid not null,
  subject_type text not null,
  subject_id uuid not null,
  file_id uuid not null
);

create table audit_checkpoint (
  sequence integer not null,
  at timestamp(3) with time zone not null,
  tree_size integer not null,
  root text not null,
  previous text not null,
  signature text not null,
  key_id text not null,
  public_key text not null
);

create table audit_leaf (
  position integer not null,
  request_id uuid not null,
  number text not null,
  fact_count integer not null,
  chain_head text not null,
  process_digest text not null
);

create table business_calendar (
  key text not null,
  definition jsonb not null,
  version integer not null default 1,
  is_default boolean not null default false,
  imported jsonb not null default '{}'::jsonb
);

create table calendar_change (
  id uuid not null,
  calendar_key text not null,
  version integer not null,
  kind text not null,
  definition jsonb,
  person_id uuid,
  department_id uuid,
  changed_by_id uuid not null,
  changed_at timestamp(3) with time zone not null
);

create table calendar_feed (
  id uuid not null,
  person_id uuid not null,
  token_hash text not null,
  created_at timestamp(3) with time zone not null,
  read_at timestamp(3) with time zone
);

create table chat_channel (
  id uuid not null,
  kind text not null,
  name text not null,
  url text not null,
  secret text,
  language text not null,
  message_kinds text[] not null,
  department_id uuid,
  role_key text,
  enabled boolean not null default true,
  last_error text,
  last_sent_at timestamp(3) with time zone,
  created_by_id uuid not null,
  created_at timestamp(3) with time zone not null
);

create table contact (
  id uuid not null,
  customer_id uuid not null,
  name text not null,
  post text,
  email text,
  phone text,
  part text not null default 'OTHER'::text
);

create table contract (
  id uuid not null,
  number text not null,
  owner_id uuid not null,
  department_id uuid,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  created_by_id uuid not null,
  updated_by_id uuid not null,
  version integer not null default 1,
  archived_at timestamp(3) with time zone,
  title text not null,
  kind text not null default 'SALES'::text,
  status text not null default 'DRAFT'::text,
  customer_id uuid not null,
  project_id uuid,
  amount numeric(18,2) not null,
  currency character(3) not null,
  signing_mode text,
  discount_percent numeric(5,2) not null default 0.00,
  starts_on date,
  ends_on date,
  note text,
  quote_id uuid,
  copied_from_id uuid
);

create table contract_line (
  id uuid not null,
  contract_id uuid not null,
  position integer not null,
  description text not null,
  quantity numeric(18,2) not null,
  unit_price numeric(18,2) not null
);

create table customer (
  id uuid not null,
  number text not null,
  owner_id uuid not null,
  department_id uuid,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  created_by_id uuid not null,
  updated_by_id uuid not null,
  version integer not null default 1,
  archived_at timestamp(3) with time zone,
  name text not null,
  industry text,
  address text,
  level text not null default 'C'::text,
  status text not null default 'POTENTIAL'::text,
  notes text
);

create table decision_link (
  id uuid not null,
  token_hash text not null,
  form_token text not null,
  assignment_id uuid not null,
  person_id uuid not null,
  decision text not null,
  expires_at timestamp(3) with time zone not null,
  used_at timestamp(3) with time zone
);

create table department (
  id uuid not null,
  key text not null,
  name text not null,
  parent_id uuid,
  head_id uuid,
  calendar_key text
);

create table document (
  id uuid not null,
  number text not null,
  owner_id uuid not null,
  department_id uuid,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  created_by_id uuid not null,
  updated_by_id uuid not null,
  version integer not null default 1,
  archived_at timestamp(3) with time zone,
  title text not null,
  form_key text not null,
  status text not null default 'DRAFT'::text,
  gate text not null default 'NONE'::text,
  stage_id uuid,
  plan_id uuid,
  data jsonb not null,
  filing_number text,
  effective_at timestamp(3) with time zone
);

create table follow_up (
  id uuid not null,
  subject_type text,
  subject_id uuid,
  kind text not null default 'TASK'::text,
  title_en text not null,
  title_zh text not null,
  note text,
  priority text not null default 'NORMAL'::text,
  person_id uuid,
  role_key text,
  role_department_id uuid,
  department_id uuid,
  status text not null default 'OPEN'::text,
  due_at timestamp(3) with time zone,
  rule jsonb,
  waiting_for text[] not null,
  violation jsonb,
  calendar_key text,
  ladder jsonb not null,
  rung integer not null default 0,
  cycle integer not null default 1,
  repeat jsonb,
  occurrence integer not null default 0,
  previous_id uuid,
  rule_id uuid,
  outcome_kind text,
  outcome text,
  done_at timestamp(3) with time zone,
  done_by_id uuid,
  created_by_id uuid,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  version integer not null default 1
);

create table follow_up_event (
  id uuid not null,
  follow_up_id uuid not null,
  type text not null,
  by_id uuid,
  at timestamp(3) with time zone not null,
  details jsonb not null
);

create table form_template (
  key text not null,
  version integer not null,
  definition jsonb not null
);

create table handed_out (
  kind text not null,
  name text not null
);

create table idempotency_record (
  key text not null,
  payload_digest text not null,
  answer jsonb not null,
  expires_at timestamp(3) with time zone not null
);

create table invoice (
  id uuid not null,
  number text not null,
  owner_id uuid not null,
  department_id uuid,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  created_by_id uuid not null,
  updated_by_id uuid not null,
  version integer not null default 1,
  archived_at timestamp(3) with time zone,
  title text not null,
  status text not null default 'DRAFT'::text,
  customer_id uuid not null,
  contract_id uuid not null,
  due_on date,
  amount numeric(18,2) not null,
  currency character(3) not null,
  discount_percent numeric(5,2) not null default 0.00,
  note text
);

create table invoice_line (
  id uuid not null,
  position integer not null,
  description text not null,
  quantity numeric(18,2) not null,
  unit_price numeric(18,2) not null,
  invoice_id uuid not null
);

create table message_template (
  key text not null,
  definition jsonb not null
);

create table notification (
  id uuid not null,
  message_key text not null,
  person_id uuid not null,
  kind text not null,
  text_en text not null,
  text_zh text not null,
  request_id uuid,
  created_at timestamp(3) with time zone not null,
  read_at timestamp(3) with time zone,
  digest_key text
);

create table notification_preference (
  id uuid not null,
  person_id uuid not null,
  mail jsonb not null,
  digest_hour integer not null,
  quiet_from text,
  quiet_until text,
  urgent text[] not null,
  time_zone text,
  updated_at timestamp(3) with time zone not null
);

create table number_sequence (
  prefix text not null,
  last integer not null
);

create table organisation_revision (
  key text not null default 'organisation'::text,
  revision integer not null
);

create table outbox_message (
  id uuid not null,
  key text not null,
  channel text not null,
  payload jsonb not null,
  state text not null default 'PENDING'::text,
  tries integer not null default 0,
  next_try_at timestamp(3) with time zone not null,
  last_error text,
  created_at timestamp(3) with time zone not null,
  delivered_at timestamp(3) with time zone,
  receiver text
);

create table payment_ladder (
  key text not null,
  version integer not null,
  definition jsonb not null
);

create table payment_term (
  id uuid not null,
  contract_id uuid not null,
  position integer not null,
  title text not null,
  amount numeric(18,2) not null,
  due_on date
);

create table plan (
  id uuid not null,
  number text not null,
  owner_id uuid not null,
  department_id uuid,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  created_by_id uuid not null,
  updated_by_id uuid not null,
  version integer not null default 1,
  archived_at timestamp(3) with time zone,
  title text not null,
  kind text not null,
  status text not null default 'DRAFT'::text,
  template_key text,
  period text not null,
  template_version integer
);

create table plan_line (
  id uuid not null,
  plan_id uuid not null,
  position integer not null,
  product text not null,
  outlet text,
  target numeric(18,2) not null,
  forecast numeric(18,2),
  stock numeric(18,2),
  in_transit numeric(18,2)
);

create table plan_milestone (
  id uuid not null,
  plan_id uuid not null,
  key text not null,
  position integer not null,
  title_en text not null,
  title_zh text not null,
  status text not null default 'OPEN'::text,
  due_at timestamp(3) with time zone,
  done_at timestamp(3) with time zone,
  done_by_id uuid,
  waits_for text,
  done_by text not null,
  form_key text
);

create table plan_milestone_move (
  id uuid not null,
  milestone_id uuid not null,
  was_due_at timestamp(3) with time zone,
  due_at timestamp(3) with time zone,
  calendar_key text not null,
  calendar_version integer not null,
  change_id uuid not null,
  moved_at timestamp(3) with time zone not null
);

create table plan_template (
  key text not null,
  version integer not null,
  definition jsonb not null
);

create table process_version (
  id uuid not null,
  key text not null,
  version integer not null,
  subject_type text not null,
  purpose text not null,
  status text not null default 'PUBLISHED'::text,
  priority integer not null,
  definition jsonb not null,
  digest text not null,
  published_at timestamp(3) with time zone
);

create table project (
  id uuid not null,
  number text not null,
  owner_id uuid not null,
  department_id uuid,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  created_by_id uuid not null,
  updated_by_id uuid not null,
  version integer not null default 1,
  archived_at timestamp(3) with time zone,
  title text not null,
  status text not null default 'DRAFT'::text,
  template_id uuid not null,
  customer_id uuid not null,
  amount numeric(18,2) not null default 0.00,
  currency character(3) not null default 'CNY'::bpchar
);

create table project_stage (
  id uuid not null,
  project_id uuid not null,
  key text not null,
  position integer not null,
  title_en text not null,
  title_zh text not null,
  status text not null default 'NOT_STARTED'::text,
  started_at timestamp(3) with time zone,
  closed_at timestamp(3) with time zone,
  active_at timestamp(3) with time zone,
  stalls_at timestamp(3) with time zone,
  rung integer not null default 0,
  chase_cycle integer not null default 0
);

create table project_template (
  id uuid not null,
  key text not null,
  version integer not null,
  definition jsonb not null
);

create table quote (
  id uuid not null,
  number text not null,
  owner_id uuid not null,
  department_id uuid,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  created_by_id uuid not null,
  updated_by_id uuid not null,
  version integer not null default 1,
  archived_at timestamp(3) with time zone,
  title text not null,
  status text not null default 'DRAFT'::text,
  customer_id uuid not null,
  project_id uuid,
  valid_until date,
  copied_from_id uuid,
  amount numeric(18,2) not null,
  currency character(3) not null,
  discount_percent numeric(5,2) not null default 0.00,
  note text
);

create table quote_line (
  id uuid not null,
  position integer not null,
  description text not null,
  quantity numeric(18,2) not null,
  unit_price numeric(18,2) not null,
  quote_id uuid not null
);

create table receipt (
  id uuid not null,
  term_id uuid not null,
  amount numeric(18,2) not null,
  received_on date not null,
  note text,
  corrects_id uuid,
  by_id uuid not null,
  at timestamp(3) with time zone not null
);

create table receivable (
  id uuid not null,
  term_id uuid not null,
  contract_id uuid not null,
  due_at timestamp(3) with time zone not null,
  status text not null default 'OPEN'::text,
  ladder jsonb not null,
  rung integer not null default 0,
  cycle integer not null default 1,
  since timestamp(3) with time zone not null
);

create table record_event (
  id uuid not null,
  subject_type text not null,
  subject_id uuid not null,
  name text not null,
  at timestamp(3) with time zone,
  set_by_id uuid not null,
  set_at timestamp(3) with time zone not null
);

create table recurring_rule (
  id uuid not null,
  key text not null,
  pack text,
  pack_version integer,
  title_en text not null,
  title_zh text not null,
  status text not null default 'ACTIVE'::text,
  definition jsonb not null,
  changed boolean not null default false,
  starts_at timestamp(3) with time zone not null,
  version integer not null default 1,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null
);

create table request_move (
  id uuid not null,
  kind text not null,
  process_key text not null,
  to_version_id uuid,
  request_ids jsonb,
  comment text not null,
  started_by_id uuid not null,
  started_at timestamp(3) with time zone not null,
  cursor uuid,
  moved integer not null default 0,
  kept_count integer not null default 0,
  kept jsonb not null default '[]'::jsonb,
  finished_at timestamp(3) with time zone
);

create table role (
  key text not null,
  title_en text not null,
  title_zh text not null,
  permissions jsonb not null,
  changed_because text
);

create table role_grant (
  id uuid not null,
  person_id uuid not null,
  role_key text not null,
  department_id uuid,
  until timestamp(3) with time zone
);

create table rule_occurrence (
  id uuid not null,
  rule_id uuid not null,
  key text not null,
  at timestamp(3) with time zone not null,
  made boolean not null,
  created_at timestamp(3) with time zone not null
);

create table session (
  id uuid not null,
  person_id uuid not null,
  access_hash text not null,
  access_expires_at timestamp(3) with time zone not null,
  refresh_hash text not null,
  previous_refresh_hash text,
  signed_in_at timestamp(3) with time zone not null,
  expires_at timestamp(3) with time zone not null,
  ended_at timestamp(3) with time zone
);

create table sign_in_attempt (
  key text not null,
  points integer not null default 0,
  expire bigint
);

create table stored_file (
  id uuid not null,
  digest text not null,
  name text not null,
  media_type text not null,
  size integer not null,
  content bytea not null,
  uploaded_by_id uuid not null,
  uploaded_at timestamp(3) with time zone not null
);

create table timer (
  id uuid not null,
  key text not null,
  kind text not null,
  subject_id uuid not null,
  due_at timestamp(3) with time zone not null,
  state text not null default 'SCHEDULED'::text,
  payload jsonb not null,
  fired_at timestamp(3) with time zone,
  paused_at timestamp(3) with time zone
);

create table timer_event (
  id uuid not null,
  timer_id uuid not null,
  type text not null,
  by_id uuid,
  at timestamp(3) with time zone not null,
  reason text,
  due_before timestamp(3) with time zone not null,
  due_after timestamp(3) with time zone not null
);

create table webhook_answer (
  message_id uuid not null,
  endpoint_id uuid not null,
  at timestamp(3) with time zone not null,
  response_code integer,
  answer text,
  duration_ms integer not null
);

create table webhook_endpoint (
  id uuid not null,
  url text not null,
  description text not null,
  event_types text[] not null,
  state text not null default 'ENABLED'::text,
  disabled_because text,
  owner_id uuid not null,
  secret text not null,
  previous_secret text,
  previous_secret_until timestamp(3) with time zone,
  delivered_count integer not null default 0,
  failed_count integer not null default 0,
  given_up integer not null default 0,
  failing_since timestamp(3) with time zone,
  last_delivered_at timestamp(3) with time zone,
  created_at timestamp(3) with time zone not null
);

alter table absence add constraint absence_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table absence add constraint absence_pkey PRIMARY KEY (id);

alter table absence add constraint absence_substitute_id_foreign FOREIGN KEY (substitute_id) REFERENCES app_user(id);

alter table app_user add constraint app_user_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table app_user add constraint app_user_email_unique UNIQUE (email);

alter table app_user add constraint app_user_manager_id_foreign FOREIGN KEY (manager_id) REFERENCES app_user(id);

alter table app_user add constraint app_user_pkey PRIMARY KEY (id);

alter table approval_assignment add constraint approval_assignment_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table approval_assignment add constraint approval_assignment_pkey PRIMARY KEY (id);

alter table approval_assignment add constraint approval_assignment_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table approval_assignment add constraint approval_assignment_request_id_ordinal_unique UNIQUE (request_id, ordinal);

alter table approval_assignment add constraint approval_assignment_status_check CHECK ((status = ANY (ARRAY['WAITING'::text, 'OPEN'::text, 'APPROVED'::text, 'REJECTED'::text, 'RETURNED'::text, 'ABSTAINED'::text, 'ADVISED'::text, 'CONFIRMED'::text, 'FILED'::text, 'DELEGATED'::text, 'TRANSFERRED'::text, 'SKIPPED'::text, 'CANCELLED'::text])));

alter table approval_event add constraint approval_event_pkey PRIMARY KEY (id);

alter table approval_event add constraint approval_event_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table approval_event add constraint approval_event_request_id_sequence_unique UNIQUE (request_id, sequence);

alter table approval_group add constraint approval_group_pkey PRIMARY KEY (key);

alter table approval_group_member add constraint approval_group_member_group_key_foreign FOREIGN KEY (group_key) REFERENCES approval_group(key);

alter table approval_group_member add constraint approval_group_member_group_key_person_id_unique UNIQUE (group_key, person_id);

alter table approval_group_member add constraint approval_group_member_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table approval_group_member add constraint approval_group_member_pkey PRIMARY KEY (id);

alter table approval_interest add constraint approval_interest_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table approval_interest add constraint approval_interest_pkey PRIMARY KEY (id);

alter table approval_interest add constraint approval_interest_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table approval_interest add constraint approval_interest_request_id_person_id_unique UNIQUE (request_id, person_id);

alter table approval_preview add constraint approval_preview_pkey PRIMARY KEY (id);

alter table approval_preview add constraint approval_preview_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table approval_preview add constraint approval_preview_request_id_round_unique UNIQUE (request_id, round);

alter table approval_question add constraint approval_question_asked_by_id_foreign FOREIGN KEY (asked_by_id) REFERENCES app_user(id);

alter table approval_question add constraint approval_question_asked_of_id_foreign FOREIGN KEY (asked_of_id) REFERENCES app_user(id);

alter table approval_question add constraint approval_question_pkey PRIMARY KEY (id);

alter table approval_question add constraint approval_question_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table approval_question add constraint approval_question_request_id_number_unique UNIQUE (request_id, number);

alter table approval_question add constraint approval_question_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'ANSWERED'::text, 'LAPSED'::text])));

alter table approval_reader add constraint approval_reader_added_by_id_foreign FOREIGN KEY (added_by_id) REFERENCES app_user(id);

alter table approval_reader add constraint approval_reader_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table approval_reader add constraint approval_reader_pkey PRIMARY KEY (id);

alter table approval_reader add constraint approval_reader_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table approval_reader add constraint approval_reader_request_id_person_id_unique UNIQUE (request_id, person_id);

alter table approval_request add constraint approval_request_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table approval_request add constraint approval_request_number_unique UNIQUE (number);

alter table approval_request add constraint approval_request_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table approval_request add constraint approval_request_pkey PRIMARY KEY (id);

alter table approval_request add constraint approval_request_process_version_id_foreign FOREIGN KEY (process_version_id) REFERENCES process_version(id);

alter table approval_request add constraint approval_request_requester_id_foreign FOREIGN KEY (requester_id) REFERENCES app_user(id);

alter table approval_request add constraint approval_request_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'RETURNED'::text, 'APPROVED'::text, 'REJECTED'::text, 'WITHDRAWN'::text, 'CANCELLED'::text, 'EXPIRED'::text])));

alter table approval_request add constraint approval_request_subject_type_check CHECK ((subject_type = ANY (ARRAY['CONTRACT'::text, 'PLAN'::text, 'PROJECT'::text, 'DOCUMENT'::text, 'QUOTE'::text, 'INVOICE'::text])));

alter table approval_standing add constraint approval_standing_pkey PRIMARY KEY (id);

alter table approval_standing add constraint approval_standing_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table approval_standing add constraint approval_standing_subject_id_purpose_unique UNIQUE (subject_id, purpose);

alter table approval_standing add constraint approval_standing_subject_type_check CHECK ((subject_type = ANY (ARRAY['CONTRACT'::text, 'PLAN'::text, 'PROJECT'::text, 'DOCUMENT'::text, 'QUOTE'::text, 'INVOICE'::text])));

alter table approval_step add constraint approval_step_pkey PRIMARY KEY (id);

alter table approval_step add constraint approval_step_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table approval_step add constraint approval_step_request_id_round_key_attempt_unique UNIQUE (request_id, round, key, attempt);

alter table approval_step add constraint approval_step_status_check CHECK ((status = ANY (ARRAY['WAITING'::text, 'OPEN'::text, 'BLOCKED'::text, 'APPROVED'::text, 'REJECTED'::text, 'SKIPPED'::text, 'RETURNED'::text, 'CANCELLED'::text])));

alter table approval_text add constraint approval_text_pkey PRIMARY KEY (commitment);

alter table approval_text add constraint approval_text_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table attachment add constraint attachment_file_id_foreign FOREIGN KEY (file_id) REFERENCES stored_file(id);

alter table attachment add constraint attachment_pkey PRIMARY KEY (id);

alter table attachment add constraint attachment_subject_id_file_id_unique UNIQUE (subject_id, file_id);

alter table attachment add constraint attachment_subject_type_check CHECK ((subject_type = ANY (ARRAY['CONTRACT'::text, 'PLAN'::text, 'PROJECT'::text, 'DOCUMENT'::text, 'QUOTE'::text, 'INVOICE'::text])));

alter table audit_checkpoint add constraint audit_checkpoint_pkey PRIMARY KEY (sequence);

alter table audit_leaf add constraint audit_leaf_pkey PRIMARY KEY ("position");

alter table audit_leaf add constraint audit_leaf_request_id_fact_count_unique UNIQUE (request_id, fact_count);

alter table audit_leaf add constraint audit_leaf_request_id_foreign FOREIGN KEY (request_id) REFERENCES approval_request(id);

alter table business_calendar add constraint business_calendar_pkey PRIMARY KEY (key);

alter table calendar_change add constraint calendar_change_changed_by_id_foreign FOREIGN KEY (changed_by_id) REFERENCES app_user(id);

alter table calendar_change add constraint calendar_change_kind_check CHECK ((kind = ANY (ARRAY['CREATED'::text, 'EDITED'::text, 'IMPORTED'::text, 'ASSIGNED'::text])));

alter table calendar_change add constraint calendar_change_pkey PRIMARY KEY (id);

alter table calendar_feed add constraint calendar_feed_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table calendar_feed add constraint calendar_feed_person_id_unique UNIQUE (person_id);

alter table calendar_feed add constraint calendar_feed_pkey PRIMARY KEY (id);

alter table calendar_feed add constraint calendar_feed_token_hash_unique UNIQUE (token_hash);

alter table chat_channel add constraint chat_channel_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table chat_channel add constraint chat_channel_kind_check CHECK ((kind = ANY (ARRAY['WECOM'::text, 'DINGTALK'::text, 'FEISHU'::text, 'SLACK'::text])));

alter table chat_channel add constraint chat_channel_pkey PRIMARY KEY (id);

alter table contact add constraint contact_customer_id_foreign FOREIGN KEY (customer_id) REFERENCES customer(id);

alter table contact add constraint contact_part_check CHECK ((part = ANY (ARRAY['DECISION_MAKER'::text, 'TECHNICAL_LEAD'::text, 'USER_LEAD'::text, 'COACH'::text, 'OTHER'::text])));

alter table contact add constraint contact_pkey PRIMARY KEY (id);

alter table contract add constraint contract_copied_from_id_foreign FOREIGN KEY (copied_from_id) REFERENCES contract(id);

alter table contract add constraint contract_customer_id_foreign FOREIGN KEY (customer_id) REFERENCES customer(id);

alter table contract add constraint contract_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table contract add constraint contract_kind_check CHECK ((kind = ANY (ARRAY['SALES'::text, 'FRAMEWORK'::text, 'TECHNICAL'::text, 'COMMERCIAL'::text, 'PROMOTION'::text])));

alter table contract add constraint contract_number_unique UNIQUE (number);

alter table contract add constraint contract_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table contract add constraint contract_pkey PRIMARY KEY (id);

alter table contract add constraint contract_project_id_foreign FOREIGN KEY (project_id) REFERENCES project(id);

alter table contract add constraint contract_quote_id_foreign FOREIGN KEY (quote_id) REFERENCES quote(id);

alter table contract add constraint contract_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'IN_REVIEW'::text, 'RETURNED'::text, 'APPROVED'::text, 'AMENDED'::text, 'REJECTED'::text])));

alter table contract_line add constraint contract_line_contract_id_foreign FOREIGN KEY (contract_id) REFERENCES contract(id) ON DELETE CASCADE;

alter table contract_line add constraint contract_line_pkey PRIMARY KEY (id);

alter table customer add constraint customer_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table customer add constraint customer_level_check CHECK ((level = ANY (ARRAY['H'::text, 'A'::text, 'B'::text, 'C'::text])));

alter table customer add constraint customer_number_unique UNIQUE (number);

alter table customer add constraint customer_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table customer add constraint customer_pkey PRIMARY KEY (id);

alter table customer add constraint customer_status_check CHECK ((status = ANY (ARRAY['POTENTIAL'::text, 'INTENDED'::text, 'DEALING'::text, 'DEALT'::text, 'MAINTAINED'::text, 'DORMANT'::text, 'LOST'::text])));

alter table decision_link add constraint decision_link_assignment_id_foreign FOREIGN KEY (assignment_id) REFERENCES approval_assignment(id);

alter table decision_link add constraint decision_link_decision_check CHECK ((decision = ANY (ARRAY['APPROVE'::text, 'REJECT'::text])));

alter table decision_link add constraint decision_link_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table decision_link add constraint decision_link_pkey PRIMARY KEY (id);

alter table decision_link add constraint decision_link_token_hash_unique UNIQUE (token_hash);

alter table department add constraint department_key_unique UNIQUE (key);

alter table department add constraint department_parent_id_foreign FOREIGN KEY (parent_id) REFERENCES department(id);

alter table department add constraint department_pkey PRIMARY KEY (id);

alter table document add constraint document_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table document add constraint document_gate_check CHECK ((gate = ANY (ARRAY['START'::text, 'RESULT'::text, 'NONE'::text])));

alter table document add constraint document_number_unique UNIQUE (number);

alter table document add constraint document_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table document add constraint document_pkey PRIMARY KEY (id);

alter table document add constraint document_plan_id_foreign FOREIGN KEY (plan_id) REFERENCES plan(id);

alter table document add constraint document_stage_id_foreign FOREIGN KEY (stage_id) REFERENCES project_stage(id);

alter table document add constraint document_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'IN_REVIEW'::text, 'RETURNED'::text, 'EFFECTIVE'::text, 'REJECTED'::text])));

alter table follow_up add constraint follow_up_created_by_id_foreign FOREIGN KEY (created_by_id) REFERENCES app_user(id);

alter table follow_up add constraint follow_up_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table follow_up add constraint follow_up_done_by_id_foreign FOREIGN KEY (done_by_id) REFERENCES app_user(id);

alter table follow_up add constraint follow_up_kind_check CHECK ((kind = ANY (ARRAY['CALL'::text, 'VISIT'::text, 'MEETING'::text, 'MESSAGE'::text, 'REPORT'::text, 'PAYMENT'::text, 'TASK'::text])));

alter table follow_up add constraint follow_up_outcome_kind_check CHECK ((outcome_kind = ANY (ARRAY['SUCCEEDED'::text, 'NOT_REACHED'::text, 'DECLINED'::text, 'NOT_NEEDED'::text])));

alter table follow_up add constraint follow_up_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table follow_up add constraint follow_up_pkey PRIMARY KEY (id);

alter table follow_up add constraint follow_up_previous_id_foreign FOREIGN KEY (previous_id) REFERENCES follow_up(id);

alter table follow_up add constraint follow_up_priority_check CHECK ((priority = ANY (ARRAY['LOW'::text, 'NORMAL'::text, 'HIGH'::text])));

alter table follow_up add constraint follow_up_role_department_id_foreign FOREIGN KEY (role_department_id) REFERENCES department(id);

alter table follow_up add constraint follow_up_role_key_foreign FOREIGN KEY (role_key) REFERENCES role(key);

alter table follow_up add constraint follow_up_rule_id_foreign FOREIGN KEY (rule_id) REFERENCES recurring_rule(id);

alter table follow_up add constraint follow_up_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'DONE'::text, 'CANCELLED'::text])));

alter table follow_up_event add constraint follow_up_event_follow_up_id_foreign FOREIGN KEY (follow_up_id) REFERENCES follow_up(id);

alter table follow_up_event add constraint follow_up_event_pkey PRIMARY KEY (id);

alter table form_template add constraint form_template_pkey PRIMARY KEY (key);

alter table handed_out add constraint handed_out_kind_check CHECK ((kind = ANY (ARRAY['PERMISSION'::text, 'ROLE'::text])));

alter table handed_out add constraint handed_out_pkey PRIMARY KEY (kind, name);

alter table idempotency_record add constraint idempotency_record_pkey PRIMARY KEY (key);

alter table invoice add constraint invoice_contract_id_foreign FOREIGN KEY (contract_id) REFERENCES contract(id);

alter table invoice add constraint invoice_customer_id_foreign FOREIGN KEY (customer_id) REFERENCES customer(id);

alter table invoice add constraint invoice_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table invoice add constraint invoice_number_unique UNIQUE (number);

alter table invoice add constraint invoice_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table invoice add constraint invoice_pkey PRIMARY KEY (id);

alter table invoice add constraint invoice_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'IN_REVIEW'::text, 'RETURNED'::text, 'APPROVED'::text, 'AMENDED'::text, 'REJECTED'::text])));

alter table invoice_line add constraint invoice_line_invoice_id_foreign FOREIGN KEY (invoice_id) REFERENCES invoice(id) ON DELETE CASCADE;

alter table invoice_line add constraint invoice_line_pkey PRIMARY KEY (id);

alter table message_template add constraint message_template_pkey PRIMARY KEY (key);

alter table notification add constraint notification_message_key_person_id_unique UNIQUE (message_key, person_id);

alter table notification add constraint notification_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table notification add constraint notification_pkey PRIMARY KEY (id);

alter table notification_preference add constraint notification_preference_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table notification_preference add constraint notification_preference_person_id_unique UNIQUE (person_id);

alter table notification_preference add constraint notification_preference_pkey PRIMARY KEY (id);

alter table number_sequence add constraint number_sequence_pkey PRIMARY KEY (prefix);

alter table organisation_revision add constraint organisation_revision_pkey PRIMARY KEY (key);

alter table outbox_message add constraint outbox_message_key_unique UNIQUE (key);

alter table outbox_message add constraint outbox_message_pkey PRIMARY KEY (id);

alter table outbox_message add constraint outbox_message_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'DELIVERED'::text, 'DEAD'::text, 'HELD'::text])));

alter table payment_ladder add constraint payment_ladder_pkey PRIMARY KEY (key);

alter table payment_term add constraint payment_term_contract_id_foreign FOREIGN KEY (contract_id) REFERENCES contract(id) ON DELETE CASCADE;

alter table payment_term add constraint payment_term_pkey PRIMARY KEY (id);

alter table plan add constraint plan_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table plan add constraint plan_kind_check CHECK ((kind = ANY (ARRAY['ANNUAL'::text, 'QUARTERLY'::text, 'MONTHLY'::text, 'STAGE'::text, 'THEMATIC'::text, 'CAMPAIGN'::text, 'TASK_BOOK'::text])));

alter table plan add constraint plan_number_unique UNIQUE (number);

alter table plan add constraint plan_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table plan add constraint plan_pkey PRIMARY KEY (id);

alter table plan add constraint plan_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'IN_REVIEW'::text, 'RETURNED'::text, 'APPROVED'::text, 'AMENDED'::text, 'REJECTED'::text])));

alter table plan_line add constraint plan_line_pkey PRIMARY KEY (id);

alter table plan_line add constraint plan_line_plan_id_foreign FOREIGN KEY (plan_id) REFERENCES plan(id) ON DELETE CASCADE;

alter table plan_milestone add constraint plan_milestone_done_by_id_foreign FOREIGN KEY (done_by_id) REFERENCES app_user(id);

alter table plan_milestone add constraint plan_milestone_pkey PRIMARY KEY (id);

alter table plan_milestone add constraint plan_milestone_plan_id_foreign FOREIGN KEY (plan_id) REFERENCES plan(id) ON DELETE CASCADE;

alter table plan_milestone add constraint plan_milestone_plan_id_key_unique UNIQUE (plan_id, key);

alter table plan_milestone add constraint plan_milestone_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'DONE'::text, 'WAITING'::text])));

alter table plan_milestone_move add constraint plan_milestone_move_change_id_foreign FOREIGN KEY (change_id) REFERENCES calendar_change(id);

alter table plan_milestone_move add constraint plan_milestone_move_milestone_id_foreign FOREIGN KEY (milestone_id) REFERENCES plan_milestone(id) ON DELETE CASCADE;

alter table plan_milestone_move add constraint plan_milestone_move_pkey PRIMARY KEY (id);

alter table plan_template add constraint plan_template_pkey PRIMARY KEY (key);

alter table process_version add constraint process_version_key_version_unique UNIQUE (key, version);

alter table process_version add constraint process_version_pkey PRIMARY KEY (id);

alter table process_version add constraint process_version_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'PUBLISHED'::text, 'RETIRED'::text])));

alter table project add constraint project_customer_id_foreign FOREIGN KEY (customer_id) REFERENCES customer(id);

alter table project add constraint project_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table project add constraint project_number_unique UNIQUE (number);

alter table project add constraint project_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table project add constraint project_pkey PRIMARY KEY (id);

alter table project add constraint project_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'RUNNING'::text, 'SUSPENDED'::text, 'COMPLETED'::text, 'TERMINATED'::text])));

alter table project add constraint project_template_id_foreign FOREIGN KEY (template_id) REFERENCES project_template(id);

alter table project_stage add constraint project_stage_pkey PRIMARY KEY (id);

alter table project_stage add constraint project_stage_project_id_foreign FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE;

alter table project_stage add constraint project_stage_project_id_key_unique UNIQUE (project_id, key);

alter table project_stage add constraint project_stage_status_check CHECK ((status = ANY (ARRAY['NOT_STARTED'::text, 'STARTING'::text, 'RUNNING'::text, 'CLOSED'::text])));

alter table project_template add constraint project_template_key_version_unique UNIQUE (key, version);

alter table project_template add constraint project_template_pkey PRIMARY KEY (id);

alter table quote add constraint quote_copied_from_id_foreign FOREIGN KEY (copied_from_id) REFERENCES quote(id);

alter table quote add constraint quote_customer_id_foreign FOREIGN KEY (customer_id) REFERENCES customer(id);

alter table quote add constraint quote_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table quote add constraint quote_number_unique UNIQUE (number);

alter table quote add constraint quote_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table quote add constraint quote_pkey PRIMARY KEY (id);

alter table quote add constraint quote_project_id_foreign FOREIGN KEY (project_id) REFERENCES project(id);

alter table quote add constraint quote_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'IN_REVIEW'::text, 'RETURNED'::text, 'APPROVED'::text, 'AMENDED'::text, 'REJECTED'::text])));

alter table quote_line add constraint quote_line_pkey PRIMARY KEY (id);

alter table quote_line add constraint quote_line_quote_id_foreign FOREIGN KEY (quote_id) REFERENCES quote(id) ON DELETE CASCADE;

alter table receipt add constraint receipt_by_id_foreign FOREIGN KEY (by_id) REFERENCES app_user(id);

alter table receipt add constraint receipt_corrects_id_foreign FOREIGN KEY (corrects_id) REFERENCES receipt(id);

alter table receipt add constraint receipt_corrects_id_unique UNIQUE (corrects_id);

alter table receipt add constraint receipt_pkey PRIMARY KEY (id);

alter table receipt add constraint receipt_term_id_foreign FOREIGN KEY (term_id) REFERENCES payment_term(id);

alter table receivable add constraint receivable_contract_id_foreign FOREIGN KEY (contract_id) REFERENCES contract(id);

alter table receivable add constraint receivable_pkey PRIMARY KEY (id);

alter table receivable add constraint receivable_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'PAID'::text, 'STOPPED'::text])));

alter table receivable add constraint receivable_term_id_foreign FOREIGN KEY (term_id) REFERENCES payment_term(id);

alter table receivable add constraint receivable_term_id_unique UNIQUE (term_id);

alter table record_event add constraint record_event_pkey PRIMARY KEY (id);

alter table record_event add constraint record_event_subject_id_name_unique UNIQUE (subject_id, name);

alter table recurring_rule add constraint recurring_rule_key_unique UNIQUE (key);

alter table recurring_rule add constraint recurring_rule_pkey PRIMARY KEY (id);

alter table recurring_rule add constraint recurring_rule_status_check CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'PAUSED'::text, 'DELETED'::text])));

alter table request_move add constraint request_move_kind_check CHECK ((kind = ANY (ARRAY['MIGRATE'::text, 'HOLD'::text, 'RELEASE'::text])));

alter table request_move add constraint request_move_pkey PRIMARY KEY (id);

alter table request_move add constraint request_move_started_by_id_foreign FOREIGN KEY (started_by_id) REFERENCES app_user(id);

alter table request_move add constraint request_move_to_version_id_foreign FOREIGN KEY (to_version_id) REFERENCES process_version(id);

alter table role add constraint role_pkey PRIMARY KEY (key);

alter table role_grant add constraint role_grant_department_id_foreign FOREIGN KEY (department_id) REFERENCES department(id);

alter table role_grant add constraint role_grant_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table role_grant add constraint role_grant_pkey PRIMARY KEY (id);

alter table role_grant add constraint role_grant_role_key_foreign FOREIGN KEY (role_key) REFERENCES role(key);

alter table rule_occurrence add constraint rule_occurrence_pkey PRIMARY KEY (id);

alter table rule_occurrence add constraint rule_occurrence_rule_id_foreign FOREIGN KEY (rule_id) REFERENCES recurring_rule(id);

alter table rule_occurrence add constraint rule_occurrence_rule_id_key_unique UNIQUE (rule_id, key);

alter table session add constraint session_access_hash_unique UNIQUE (access_hash);

alter table session add constraint session_person_id_foreign FOREIGN KEY (person_id) REFERENCES app_user(id);

alter table session add constraint session_pkey PRIMARY KEY (id);

alter table session add constraint session_refresh_hash_unique UNIQUE (refresh_hash);

alter table sign_in_attempt add constraint sign_in_attempt_pkey PRIMARY KEY (key);

alter table stored_file add constraint stored_file_pkey PRIMARY KEY (id);

alter table stored_file add constraint stored_file_uploaded_by_id_foreign FOREIGN KEY (uploaded_by_id) REFERENCES app_user(id);

alter table timer add constraint timer_key_unique UNIQUE (key);

alter table timer add constraint timer_pkey PRIMARY KEY (id);

alter table timer add constraint timer_state_check CHECK ((state = ANY (ARRAY['SCHEDULED'::text, 'PAUSED'::text, 'FIRED'::text, 'CANCELLED'::text])));

alter table timer_event add constraint timer_event_by_id_foreign FOREIGN KEY (by_id) REFERENCES app_user(id);

alter table timer_event add constraint timer_event_pkey PRIMARY KEY (id);

alter table timer_event add constraint timer_event_timer_id_foreign FOREIGN KEY (timer_id) REFERENCES timer(id);

alter table timer_event add constraint timer_event_type_check CHECK ((type = ANY (ARRAY['SNOOZED'::text, 'RUN'::text, 'PAUSED'::text, 'RESUMED'::text, 'KEPT'::text])));

alter table webhook_answer add constraint webhook_answer_message_id_foreign FOREIGN KEY (message_id) REFERENCES outbox_message(id) ON DELETE CASCADE;

alter table webhook_answer add constraint webhook_answer_pkey PRIMARY KEY (message_id);

alter table webhook_endpoint add constraint webhook_endpoint_disabled_because_check CHECK ((disabled_because = ANY (ARRAY['BY_HAND'::text, 'GONE'::text, 'FAILING'::text, 'OWNER'::text])));

alter table webhook_endpoint add constraint webhook_endpoint_owner_id_foreign FOREIGN KEY (owner_id) REFERENCES app_user(id);

alter table webhook_endpoint add constraint webhook_endpoint_pkey PRIMARY KEY (id);

alter table webhook_endpoint add constraint webhook_endpoint_state_check CHECK ((state = ANY (ARRAY['ENABLED'::text, 'DISABLED'::text])));

CREATE INDEX absence_person_id_index ON public.absence USING btree (person_id);

CREATE INDEX absence_substitute_id_index ON public.absence USING btree (substitute_id);

CREATE INDEX app_user_department_id_index ON public.app_user USING btree (department_id);

CREATE INDEX app_user_manager_id_index ON public.app_user USING btree (manager_id);

CREATE INDEX approval_assignment_inbox ON public.approval_assignment USING btree (person_id, urgent_at, id) WHERE (status = 'OPEN'::text);

CREATE INDEX approval_assignment_person_id_request_id_index ON public.approval_assignment USING btree (person_id, request_id);

CREATE INDEX approval_assignment_stalled ON public.approval_assignment USING btree (due_at, id) WHERE (status = 'OPEN'::text);

CREATE INDEX approval_assignment_stood_in ON public.approval_assignment USING btree (hand_over_from_id) WHERE (hand_over_kind = 'ABSENCE'::text);

CREATE INDEX approval_group_member_person_id_index ON public.approval_group_member USING btree (person_id);

CREATE INDEX approval_question_open ON public.approval_question USING btree (asked_of_id) WHERE (status = 'OPEN'::text);

CREATE INDEX approval_reader_person_id_request_id_index ON public.approval_reader USING btree (person_id, request_id);

CREATE INDEX approval_request_attachments ON public.approval_request USING gin (attachments jsonb_path_ops);

CREATE INDEX approval_request_department_id_index ON public.approval_request USING btree (department_id);

CREATE UNIQUE INDEX approval_request_one_open ON public.approval_request USING btree (subject_id, purpose) WHERE (status = ANY (ARRAY['PENDING'::text, 'RETURNED'::text]));

CREATE INDEX approval_request_owner_id_index ON public.approval_request USING btree (owner_id);

CREATE INDEX approval_request_process_version_id_index ON public.approval_request USING btree (process_version_id);

CREATE INDEX approval_request_requester_id_submitted_at_index ON public.approval_request USING btree (requester_id, submitted_at);

CREATE INDEX approval_request_subject_id_index ON public.approval_request USING btree (subject_id);

CREATE INDEX approval_request_submitted_at_id_index ON public.approval_request USING btree (submitted_at, id);

CREATE INDEX approval_standing_request_id_index ON public.approval_standing USING btree (request_id);

CREATE INDEX approval_step_clock ON public.approval_step USING btree (calendar_key) WHERE ((status = 'OPEN'::text) AND (due_at IS NOT NULL));

CREATE INDEX approval_text_request_id_index ON public.approval_text USING btree (request_id);

CREATE INDEX attachment_file_id_index ON public.attachment USING btree (file_id);

CREATE UNIQUE INDEX business_calendar_default ON public.business_calendar USING btree (is_default) WHERE is_default;

CREATE INDEX calendar_change_calendar_key_changed_at_index ON public.calendar_change USING btree (calendar_key, changed_at);

CREATE INDEX contact_customer_id_index ON public.contact USING btree (customer_id);

CREATE INDEX contract_created_at_id_index ON public.contract USING btree (created_at, id);

CREATE INDEX contract_customer_id_index ON public.contract USING btree (customer_id);

CREATE INDEX contract_department_id_index ON public.contract USING btree (department_id);

CREATE INDEX contract_line_contract_id_index ON public.contract_line USING btree (contract_id);

CREATE INDEX contract_owner_id_index ON public.contract USING btree (owner_id);

CREATE INDEX contract_project_id_index ON public.contract USING btree (project_id);

CREATE INDEX contract_quote_id_index ON public.contract USING btree (quote_id);

CREATE INDEX customer_created_at_id_index ON public.customer USING btree (created_at, id);

CREATE INDEX customer_department_id_index ON public.customer USING btree (department_id);

CREATE INDEX customer_name_index ON public.customer USING btree (name);

CREATE INDEX customer_owner_id_index ON public.customer USING btree (owner_id);

CREATE INDEX decision_link_assignment_id_index ON public.decision_link USING btree (assignment_id);

CREATE INDEX decision_link_expires_at_index ON public.decision_link USING btree (expires_at);

CREATE INDEX department_parent_id_index ON public.department USING btree (parent_id);

CREATE INDEX document_created_at_id_index ON public.document USING btree (created_at, id);

CREATE INDEX document_department_id_index ON public.document USING btree (department_id);

CREATE INDEX document_owner_id_index ON public.document USING btree (owner_id);

CREATE INDEX document_plan_id_index ON public.document USING btree (plan_id);

CREATE INDEX document_stage_id_index ON public.document USING btree (stage_id);

CREATE INDEX follow_up_created_by_id_index ON public.follow_up USING btree (created_by_id);

CREATE INDEX follow_up_department_id_index ON public.follow_up USING btree (department_id);

CREATE INDEX follow_up_done ON public.follow_up USING btree (done_by_id, done_at) WHERE (status = 'DONE'::text);

CREATE INDEX follow_up_due ON public.follow_up USING btree (COALESCE(due_at, '9999-12-31 00:00:00+00'::timestamp with time zone), id);

CREATE INDEX follow_up_event_follow_up_id_at_id_index ON public.follow_up_event USING btree (follow_up_id, at, id);

CREATE UNIQUE INDEX follow_up_one_open ON public.follow_up USING btree (rule_id, subject_id) WHERE ((status = 'OPEN'::text) AND (rule_id IS NOT NULL) AND (subject_id IS NOT NULL));

CREATE INDEX follow_up_person ON public.follow_up USING btree (person_id, due_at) WHERE (status = 'OPEN'::text);

CREATE INDEX follow_up_previous_id_index ON public.follow_up USING btree (previous_id);

CREATE INDEX follow_up_role ON public.follow_up USING btree (role_key) WHERE ((status = 'OPEN'::text) AND (person_id IS NULL));

CREATE INDEX follow_up_rule_id_index ON public.follow_up USING btree (rule_id);

CREATE INDEX follow_up_subject_id_index ON public.follow_up USING btree (subject_id);

CREATE INDEX idempotency_record_expires_at_index ON public.idempotency_record USING btree (expires_at);

CREATE INDEX invoice_contract_id_index ON public.invoice USING btree (contract_id);

CREATE INDEX invoice_created_at_id_index ON public.invoice USING btree (created_at, id);

CREATE INDEX invoice_customer_id_index ON public.invoice USING btree (customer_id);

CREATE INDEX invoice_department_id_index ON public.invoice USING btree (department_id);

CREATE INDEX invoice_line_invoice_id_index ON public.invoice_line USING btree (invoice_id);

CREATE INDEX invoice_owner_id_index ON public.invoice USING btree (owner_id);

CREATE INDEX notification_digest ON public.notification USING btree (digest_key) WHERE (digest_key IS NOT NULL);

CREATE INDEX notification_person_id_created_at_id_index ON public.notification USING btree (person_id, created_at, id);

CREATE INDEX outbox_message_dead ON public.outbox_message USING btree (created_at, id) WHERE (state = 'DEAD'::text);

CREATE INDEX outbox_message_kept ON public.outbox_message USING btree (created_at) WHERE ((channel = ANY (ARRAY['webhook'::text, 'chat'::text])) AND (state <> 'PENDING'::text));

CREATE INDEX outbox_message_next ON public.outbox_message USING btree (next_try_at, id) WHERE (state = 'PENDING'::text);

CREATE INDEX outbox_message_of_endpoint ON public.outbox_message USING btree (receiver, created_at, id) WHERE (channel = 'webhook'::text);

CREATE INDEX outbox_message_outgoing ON public.outbox_message USING btree (channel, next_try_at, id) WHERE ((state = 'PENDING'::text) AND (channel <> 'in-app'::text));

CREATE INDEX payment_term_contract_id_index ON public.payment_term USING btree (contract_id);

CREATE INDEX plan_created_at_id_index ON public.plan USING btree (created_at, id);

CREATE INDEX plan_department_id_index ON public.plan USING btree (department_id);

CREATE INDEX plan_line_plan_id_index ON public.plan_line USING btree (plan_id);

CREATE INDEX plan_milestone_move_milestone_id_index ON public.plan_milestone_move USING btree (milestone_id);

CREATE INDEX plan_owner_id_index ON public.plan USING btree (owner_id);

CREATE INDEX process_version_subject_type_index ON public.process_version USING btree (subject_type);

CREATE INDEX project_created_at_id_index ON public.project USING btree (created_at, id);

CREATE INDEX project_customer_id_index ON public.project USING btree (customer_id);

CREATE INDEX project_department_id_index ON public.project USING btree (department_id);

CREATE INDEX project_owner_id_index ON public.project USING btree (owner_id);

CREATE INDEX project_stage_stalls ON public.project_stage USING btree (stalls_at, id) WHERE (stalls_at IS NOT NULL);

CREATE INDEX project_template_id_index ON public.project USING btree (template_id);

CREATE INDEX quote_created_at_id_index ON public.quote USING btree (created_at, id);

CREATE INDEX quote_customer_id_index ON public.quote USING btree (customer_id);

CREATE INDEX quote_department_id_index ON public.quote USING btree (department_id);

CREATE INDEX quote_line_quote_id_index ON public.quote_line USING btree (quote_id);

CREATE INDEX quote_owner_id_index ON public.quote USING btree (owner_id);

CREATE INDEX quote_project_id_index ON public.quote USING btree (project_id);

CREATE INDEX receipt_term_id_at_id_index ON public.receipt USING btree (term_id, at, id);

CREATE INDEX receivable_contract_id_index ON public.receivable USING btree (contract_id);

CREATE INDEX receivable_open ON public.receivable USING btree (due_at, id) WHERE (status = 'OPEN'::text);

CREATE INDEX request_move_process_key_started_at_index ON public.request_move USING btree (process_key, started_at);

CREATE UNIQUE INDEX role_grant_once ON public.role_grant USING btree (person_id, role_key, department_id) NULLS NOT DISTINCT;

CREATE INDEX role_grant_person_id_index ON public.role_grant USING btree (person_id);

CREATE INDEX role_grant_role_key_index ON public.role_grant USING btree (role_key);

CREATE INDEX rule_occurrence_rule_id_at_index ON public.rule_occurrence USING btree (rule_id, at);

CREATE INDEX session_expires_at_index ON public.session USING btree (expires_at);

CREATE INDEX session_person_id_index ON public.session USING btree (person_id);

CREATE INDEX stored_file_uploaded_by_id_index ON public.stored_file USING btree (uploaded_by_id);

CREATE INDEX timer_due ON public.timer USING btree (due_at, id) WHERE (state = 'SCHEDULED'::text);

CREATE INDEX timer_event_timer_id_at_id_index ON public.timer_event USING btree (timer_id, at, id);

CREATE INDEX timer_subject_id_index ON public.timer USING btree (subject_id);

CREATE OR REPLACE FUNCTION public.bump_organisation_revision()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update organisation_revision set revision = revision + 1;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_ended_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.status not in ('PENDING', 'RETURNED')
     and (to_jsonb(new) - 'title' - 'content' <> to_jsonb(old) - 'title' - 'content' or new.title <> '[erased]' or new.content <> '{}') then
    raise exception 'an ended request never changes' using errcode = 'restrict_violation';
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_interest_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.request_id <> old.request_id or new.person_id <> old.person_id
     or (not (old.lapsed and not new.lapsed)
         and not exists (select 1 from approval_request r where r.id = old.request_id and r.status = 'RETURNED')) then
    raise exception 'an interest lapses only when a returned request is handed in again' using errcode = 'restrict_violation';
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_interest_lifted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'what a step allows is fixed when it opens' using errcode = 'restrict_violation';
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_interested_decision()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.status in ('APPROVED', 'REJECTED', 'ABSTAINED', 'CONFIRMED', 'FILED', 'RETURNED')
     and exists (select 1 from approval_interest i where i.request_id = new.request_id and i.person_id in (new.decided_by_id, new.person_id) and not i.lapsed)
     and not exists (select 1 from approval_step s where s.request_id = new.request_id and s.round = new.round
                     and s.key = new.step_key and s.attempt = new.attempt and s.interest_allowed) then
    raise exception 'a person with an interest cannot decide' using errcode = 'restrict_violation';
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_published_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.status <> 'DRAFT' and (new.definition is distinct from old.definition or new.key <> old.key or new.version <> old.version
     or new.subject_type <> old.subject_type or new.purpose <> old.purpose or new.priority <> old.priority or new.status = 'DRAFT') then
    raise exception 'a published process version never changes' using errcode = 'restrict_violation';
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_text_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.erased_at is not null or new.erased_at is null or new.salt is not null or new.value is not null or new.reason is null
     or new.commitment <> old.commitment or new.request_id <> old.request_id or new.sequence <> old.sequence or new.name <> old.name then
    raise exception 'the text of a fact can only be erased' using errcode = 'restrict_violation';
  end if;
  return new;
end $function$;

CREATE TRIGGER absence_revision AFTER INSERT OR DELETE OR UPDATE ON public.absence FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER app_user_revision AFTER INSERT OR DELETE OR UPDATE ON public.app_user FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER approval_assignment_interest BEFORE INSERT OR UPDATE OF status, decided_by_id ON public.approval_assignment FOR EACH ROW EXECUTE FUNCTION refuse_interested_decision();

CREATE TRIGGER approval_event_append_only BEFORE DELETE OR UPDATE ON public.approval_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER approval_event_no_truncate BEFORE TRUNCATE ON public.approval_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER approval_group_revision AFTER INSERT OR DELETE OR UPDATE ON public.approval_group FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER approval_group_member_revision AFTER INSERT OR DELETE OR UPDATE ON public.approval_group_member FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER approval_interest_stays BEFORE UPDATE ON public.approval_interest FOR EACH ROW EXECUTE FUNCTION refuse_interest_change();

CREATE TRIGGER approval_request_ended BEFORE UPDATE ON public.approval_request FOR EACH ROW EXECUTE FUNCTION refuse_ended_change();

CREATE TRIGGER approval_step_interest BEFORE UPDATE OF interest_allowed ON public.approval_step FOR EACH ROW WHEN ((new.interest_allowed IS DISTINCT FROM old.interest_allowed)) EXECUTE FUNCTION refuse_interest_lifted();

CREATE TRIGGER approval_text_erase_only BEFORE UPDATE ON public.approval_text FOR EACH ROW EXECUTE FUNCTION refuse_text_change();

CREATE TRIGGER approval_text_no_delete BEFORE DELETE ON public.approval_text FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER approval_text_no_truncate BEFORE TRUNCATE ON public.approval_text FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_checkpoint_append_only BEFORE DELETE OR UPDATE ON public.audit_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_checkpoint_no_truncate BEFORE TRUNCATE ON public.audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_leaf_append_only BEFORE DELETE OR UPDATE ON public.audit_leaf FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_leaf_no_truncate BEFORE TRUNCATE ON public.audit_leaf FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER business_calendar_revision AFTER INSERT OR DELETE OR UPDATE ON public.business_calendar FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER chat_channel_revision AFTER INSERT OR DELETE OR UPDATE OF enabled, message_kinds, department_id, role_key ON public.chat_channel FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER department_revision AFTER INSERT OR DELETE OR UPDATE ON public.department FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER follow_up_event_append_only BEFORE DELETE OR UPDATE ON public.follow_up_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER follow_up_event_no_truncate BEFORE TRUNCATE ON public.follow_up_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER process_version_published BEFORE UPDATE ON public.process_version FOR EACH ROW EXECUTE FUNCTION refuse_published_change();

CREATE TRIGGER receipt_append_only BEFORE DELETE OR UPDATE ON public.receipt FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER receipt_no_truncate BEFORE TRUNCATE ON public.receipt FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER role_revision AFTER INSERT OR DELETE OR UPDATE ON public.role FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER role_grant_revision AFTER INSERT OR DELETE OR UPDATE ON public.role_grant FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();

CREATE TRIGGER stored_file_unchanged BEFORE UPDATE ON public.stored_file FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER timer_event_append_only BEFORE DELETE OR UPDATE ON public.timer_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER timer_event_no_truncate BEFORE TRUNCATE ON public.timer_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER webhook_endpoint_revision AFTER INSERT OR DELETE OR UPDATE OF state, event_types ON public.webhook_endpoint FOR EACH STATEMENT EXECUTE FUNCTION bump_organisation_revision();
