import { Migration } from '@mikro-orm/migrations';

/** The first schema: organisation, customers, projects, plans, contracts, documents, approvals, schedule. */
export class Migration0001FirstLight extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `create table "business_calendar" ("key" text not null, "definition" jsonb not null, primary key ("key"))`,
  `create table "department" ("id" uuid not null, "key" text not null, "name" text not null, "parent_id" uuid null, "head_id" uuid null, "calendar_key" text null, primary key ("id"))`,
  `alter table "department" add constraint "department_key_unique" unique ("key")`,
  `create index "department_parent_id_index" on "department" ("parent_id")`,
  `create table "form_template" ("key" text not null, "version" int not null, "definition" jsonb not null, primary key ("key"))`,
  `create table "idempotency_record" ("key" text not null, "payload_digest" text not null, "answer" jsonb not null, "expires_at" timestamptz(3) not null, primary key ("key"))`,
  `create index "idempotency_record_expires_at_index" on "idempotency_record" ("expires_at")`,
  `create table "number_sequence" ("prefix" text not null, "last" int not null, primary key ("prefix"))`,
  `create table "organisation_revision" ("key" text not null default 'organisation', "revision" int not null, primary key ("key"))`,
  `create table "outbox_message" ("id" uuid not null, "key" text not null, "channel" text not null, "payload" jsonb not null, "state" text not null default 'PENDING', "tries" int not null default 0, "next_try_at" timestamptz(3) not null, "last_error" text null, "created_at" timestamptz(3) not null, "delivered_at" timestamptz(3) null, primary key ("id"))`,
  `alter table "outbox_message" add constraint "outbox_message_key_unique" unique ("key")`,
  `create index outbox_message_dead on outbox_message (created_at, id) where state = 'DEAD'`,
  `create index outbox_message_next on outbox_message (next_try_at, id) where state = 'PENDING'`,
  `alter table "outbox_message" add constraint "outbox_message_state_check" check ("state" in ('PENDING', 'DELIVERED', 'DEAD'))`,
  `create table "sign_in_attempt" ("key" text not null, "points" int not null default 0, "expire" bigint null, primary key ("key"))`,
  `create table "plan_template" ("key" text not null, "version" int not null, "definition" jsonb not null, primary key ("key"))`,
  `create table "process_version" ("id" uuid not null, "key" text not null, "version" int not null, "subject_type" text not null, "purpose" text not null, "status" text not null default 'PUBLISHED', "priority" int not null, "definition" jsonb not null, "digest" text not null, "published_at" timestamptz(3) null, primary key ("id"))`,
  `create index "process_version_subject_type_index" on "process_version" ("subject_type")`,
  `alter table "process_version" add constraint "process_version_key_version_unique" unique ("key", "version")`,
  `alter table "process_version" add constraint "process_version_status_check" check ("status" in ('DRAFT', 'PUBLISHED', 'RETIRED'))`,
  `create table "project_template" ("id" uuid not null, "key" text not null, "version" int not null, "definition" jsonb not null, primary key ("id"))`,
  `alter table "project_template" add constraint "project_template_key_version_unique" unique ("key", "version")`,
  `create table "role" ("key" text not null, "title_en" text not null, "title_zh" text not null, "permissions" jsonb not null, primary key ("key"))`,
  `create table "timer" ("id" uuid not null, "key" text not null, "kind" text not null, "subject_id" uuid not null, "due_at" timestamptz(3) not null, "state" text not null default 'SCHEDULED', "payload" jsonb not null, "fired_at" timestamptz(3) null, primary key ("id"))`,
  `alter table "timer" add constraint "timer_key_unique" unique ("key")`,
  `create index "timer_subject_id_index" on "timer" ("subject_id")`,
  `create index timer_due on timer (due_at, id) where state = 'SCHEDULED'`,
  `alter table "timer" add constraint "timer_state_check" check ("state" in ('SCHEDULED', 'FIRED', 'CANCELLED'))`,
  `create table "app_user" ("id" uuid not null, "email" text not null, "name" text not null, "password_hash" text null, "active" boolean not null default true, "language" text not null default 'en', "department_id" uuid null, "manager_id" uuid null, "created_at" timestamptz(3) not null, primary key ("id"))`,
  `alter table "app_user" add constraint "app_user_email_unique" unique ("email")`,
  `create index "app_user_department_id_index" on "app_user" ("department_id")`,
  `create index "app_user_manager_id_index" on "app_user" ("manager_id")`,
  `create table "session" ("id" uuid not null, "person_id" uuid not null, "access_hash" text not null, "access_expires_at" timestamptz(3) not null, "refresh_hash" text not null, "previous_refresh_hash" text null, "signed_in_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, "ended_at" timestamptz(3) null, primary key ("id"))`,
  `create index "session_person_id_index" on "session" ("person_id")`,
  `alter table "session" add constraint "session_access_hash_unique" unique ("access_hash")`,
  `create index "session_expires_at_index" on "session" ("expires_at")`,
  `alter table "session" add constraint "session_refresh_hash_unique" unique ("refresh_hash")`,
  `create table "role_grant" ("id" uuid not null, "person_id" uuid not null, "role_key" text not null, "department_id" uuid null, "until" timestamptz(3) null, primary key ("id"))`,
  `create index "role_grant_person_id_index" on "role_grant" ("person_id")`,
  `create index "role_grant_role_key_index" on "role_grant" ("role_key")`,
  `create unique index role_grant_once on role_grant (person_id, role_key, department_id) nulls not distinct`,
  `create table "plan" ("id" uuid not null, "number" text not null, "owner_id" uuid not null, "department_id" uuid null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_by_id" uuid not null, "version" int not null default 1, "archived_at" timestamptz(3) null, "title" text not null, "kind" text not null, "status" text not null default 'DRAFT', "template_key" text null, "period" text not null, primary key ("id"))`,
  `alter table "plan" add constraint "plan_number_unique" unique ("number")`,
  `create index "plan_owner_id_index" on "plan" ("owner_id")`,
  `create index "plan_department_id_index" on "plan" ("department_id")`,
  `create index "plan_created_at_id_index" on "plan" ("created_at", "id")`,
  `alter table "plan" add constraint "plan_kind_check" check ("kind" in ('ANNUAL', 'QUARTERLY', 'MONTHLY', 'STAGE', 'THEMATIC', 'CAMPAIGN', 'TASK_BOOK'))`,
  `alter table "plan" add constraint "plan_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'REJECTED'))`,
  `create table "plan_milestone" ("id" uuid not null, "plan_id" uuid not null, "key" text not null, "position" int not null, "title_en" text not null, "title_zh" text not null, "status" text not null default 'OPEN', "due_at" timestamptz(3) null, "done_at" timestamptz(3) null, "done_by_id" uuid null, "waits_for" text null, "done_by" text not null, "form_key" text null, primary key ("id"))`,
  `alter table "plan_milestone" add constraint "plan_milestone_plan_id_key_unique" unique ("plan_id", "key")`,
  `alter table "plan_milestone" add constraint "plan_milestone_status_check" check ("status" in ('OPEN', 'DONE', 'WAITING'))`,
  `create table "plan_line" ("id" uuid not null, "plan_id" uuid not null, "position" int not null, "product" text not null, "outlet" text null, "target" numeric(18,2) not null, "forecast" numeric(18,2) null, "stock" numeric(18,2) null, "in_transit" numeric(18,2) null, primary key ("id"))`,
  `create index "plan_line_plan_id_index" on "plan_line" ("plan_id")`,
  `create table "notification" ("id" uuid not null, "message_key" text not null, "person_id" uuid not null, "kind" text not null, "text_en" text not null, "text_zh" text not null, "request_id" uuid null, "created_at" timestamptz(3) not null, "read_at" timestamptz(3) null, primary key ("id"))`,
  `create index "notification_person_id_created_at_id_index" on "notification" ("person_id", "created_at", "id")`,
  `alter table "notification" add constraint "notification_message_key_person_id_unique" unique ("message_key", "person_id")`,
  `create table "customer" ("id" uuid not null, "number" text not null, "owner_id" uuid not null, "department_id" uuid null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_by_id" uuid not null, "version" int not null default 1, "archived_at" timestamptz(3) null, "name" text not null, "industry" text null, "address" text null, "level" text not null default 'C', "status" text not null default 'POTENTIAL', "notes" text null, primary key ("id"))`,
  `alter table "customer" add constraint "customer_number_unique" unique ("number")`,
  `create index "customer_owner_id_index" on "customer" ("owner_id")`,
  `create index "customer_department_id_index" on "customer" ("department_id")`,
  `create index "customer_created_at_id_index" on "customer" ("created_at", "id")`,
  `create index "customer_name_index" on "customer" ("name")`,
  `alter table "customer" add constraint "customer_level_check" check ("level" in ('H', 'A', 'B', 'C'))`,
  `alter table "customer" add constraint "customer_status_check" check ("status" in ('POTENTIAL', 'INTENDED', 'DEALING', 'DEALT', 'MAINTAINED', 'DORMANT', 'LOST'))`,
  `create table "project" ("id" uuid not null, "number" text not null, "owner_id" uuid not null, "department_id" uuid null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_by_id" uuid not null, "version" int not null default 1, "archived_at" timestamptz(3) null, "title" text not null, "status" text not null default 'DRAFT', "template_id" uuid not null, "customer_id" uuid not null, "amount" numeric(18,2) not null default '0.00', "currency" char(3) not null default 'CNY', primary key ("id"))`,
  `alter table "project" add constraint "project_number_unique" unique ("number")`,
  `create index "project_owner_id_index" on "project" ("owner_id")`,
  `create index "project_department_id_index" on "project" ("department_id")`,
  `create index "project_template_id_index" on "project" ("template_id")`,
  `create index "project_customer_id_index" on "project" ("customer_id")`,
  `create index "project_created_at_id_index" on "project" ("created_at", "id")`,
  `alter table "project" add constraint "project_status_check" check ("status" in ('DRAFT', 'RUNNING', 'SUSPENDED', 'COMPLETED', 'TERMINATED'))`,
  `create table "project_stage" ("id" uuid not null, "project_id" uuid not null, "key" text not null, "position" int not null, "title_en" text not null, "title_zh" text not null, "status" text not null default 'NOT_STARTED', "started_at" timestamptz(3) null, "closed_at" timestamptz(3) null, primary key ("id"))`,
  `alter table "project_stage" add constraint "project_stage_project_id_key_unique" unique ("project_id", "key")`,
  `alter table "project_stage" add constraint "project_stage_status_check" check ("status" in ('NOT_STARTED', 'STARTING', 'RUNNING', 'CLOSED'))`,
  `create table "document" ("id" uuid not null, "number" text not null, "owner_id" uuid not null, "department_id" uuid null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_by_id" uuid not null, "version" int not null default 1, "archived_at" timestamptz(3) null, "title" text not null, "form_key" text not null, "status" text not null default 'DRAFT', "gate" text not null default 'NONE', "stage_id" uuid null, "plan_id" uuid null, "data" jsonb not null, "filing_number" text null, "effective_at" timestamptz(3) null, primary key ("id"))`,
  `alter table "document" add constraint "document_number_unique" unique ("number")`,
  `create index "document_owner_id_index" on "document" ("owner_id")`,
  `create index "document_department_id_index" on "document" ("department_id")`,
  `create index "document_stage_id_index" on "document" ("stage_id")`,
  `create index "document_plan_id_index" on "document" ("plan_id")`,
  `create index "document_created_at_id_index" on "document" ("created_at", "id")`,
  `alter table "document" add constraint "document_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'EFFECTIVE', 'REJECTED'))`,
  `alter table "document" add constraint "document_gate_check" check ("gate" in ('START', 'RESULT', 'NONE'))`,
  `create table "contact" ("id" uuid not null, "customer_id" uuid not null, "name" text not null, "post" text null, "email" text null, "phone" text null, "part" text not null default 'OTHER', primary key ("id"))`,
  `create index "contact_customer_id_index" on "contact" ("customer_id")`,
  `alter table "contact" add constraint "contact_part_check" check ("part" in ('DECISION_MAKER', 'TECHNICAL_LEAD', 'USER_LEAD', 'COACH', 'OTHER'))`,
  `create table "contract" ("id" uuid not null, "number" text not null, "owner_id" uuid not null, "department_id" uuid null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_by_id" uuid not null, "version" int not null default 1, "archived_at" timestamptz(3) null, "title" text not null, "kind" text not null default 'SALES', "status" text not null default 'DRAFT', "customer_id" uuid not null, "project_id" uuid null, "amount" numeric(18,2) not null, "currency" char(3) not null, "signing_mode" text null, "discount_percent" numeric(5,2) not null default '0.00', "starts_on" date null, "ends_on" date null, primary key ("id"))`,
  `alter table "contract" add constraint "contract_number_unique" unique ("number")`,
  `create index "contract_owner_id_index" on "contract" ("owner_id")`,
  `create index "contract_department_id_index" on "contract" ("department_id")`,
  `create index "contract_customer_id_index" on "contract" ("customer_id")`,
  `create index "contract_project_id_index" on "contract" ("project_id")`,
  `create index "contract_created_at_id_index" on "contract" ("created_at", "id")`,
  `alter table "contract" add constraint "contract_kind_check" check ("kind" in ('SALES', 'FRAMEWORK', 'TECHNICAL', 'COMMERCIAL', 'PROMOTION'))`,
  `alter table "contract" add constraint "contract_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'REJECTED'))`,
  `create table "payment_term" ("id" uuid not null, "contract_id" uuid not null, "position" int not null, "title" text not null, "amount" numeric(18,2) not null, "due_on" date null, primary key ("id"))`,
  `create index "payment_term_contract_id_index" on "payment_term" ("contract_id")`,
  `create table "contract_line" ("id" uuid not null, "contract_id" uuid not null, "position" int not null, "description" text not null, "quantity" numeric(18,2) not null, "unit_price" numeric(18,2) not null, primary key ("id"))`,
  `create index "contract_line_contract_id_index" on "contract_line" ("contract_id")`,
  `create table "approval_request" ("id" uuid not null, "number" text not null, "process_version_id" uuid not null, "subject_type" text not null, "subject_id" uuid not null, "purpose" text not null, "status" text not null, "paused_at" timestamptz(3) null, "round" int not null, "title" text not null, "subject_number" text not null, "amount" numeric(18,2) null, "currency" char(3) null, "owner_id" uuid not null, "department_id" uuid null, "requester_id" uuid not null, "content" jsonb not null, "digest" text not null, "submitted_at" timestamptz(3) not null, "ended_at" timestamptz(3) null, "returned_by_id" uuid null, "last_nudged_at" timestamptz(3) null, "fact_count" int not null, "chain_head" text not null, primary key ("id"))`,
  `alter table "approval_request" add constraint "approval_request_number_unique" unique ("number")`,
  `create index "approval_request_process_version_id_index" on "approval_request" ("process_version_id")`,
  `create index "approval_request_owner_id_index" on "approval_request" ("owner_id")`,
  `create index "approval_request_department_id_index" on "approval_request" ("department_id")`,
  `create index "approval_request_requester_id_submitted_at_index" on "approval_request" ("requester_id", "submitted_at")`,
  `create index "approval_request_submitted_at_id_index" on "approval_request" ("submitted_at", "id")`,
  `create index "approval_request_subject_id_index" on "approval_request" ("subject_id")`,
  `create unique index approval_request_one_open on approval_request (subject_id, purpose) where status in ('PENDING', 'RETURNED')`,
  `alter table "approval_request" add constraint "approval_request_subject_type_check" check ("subject_type" in ('CONTRACT', 'PLAN', 'PROJECT', 'DOCUMENT'))`,
  `alter table "approval_request" add constraint "approval_request_status_check" check ("status" in ('PENDING', 'RETURNED', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'CANCELLED', 'EXPIRED'))`,
  `create table "approval_step" ("id" uuid not null, "request_id" uuid not null, "ordinal" int not null, "key" text not null, "round" int not null, "attempt" int not null, "status" text not null, "title_en" text not null, "title_zh" text not null, "interest_allowed" boolean not null, "opened_at" timestamptz(3) not null, "due_at" timestamptz(3) null, "closed_at" timestamptz(3) null, "reason" text null, "rung" int not null, primary key ("id"))`,
  `alter table "approval_step" add constraint "approval_step_request_id_round_key_attempt_unique" unique ("request_id", "round", "key", "attempt")`,
  `alter table "approval_step" add constraint "approval_step_status_check" check ("status" in ('WAITING', 'OPEN', 'BLOCKED', 'APPROVED', 'REJECTED', 'SKIPPED', 'RETURNED', 'CANCELLED'))`,
  `create table "approval_event" ("id" uuid not null, "request_id" uuid not null, "sequence" int not null, "type" text not null, "actor_id" uuid null, "at" timestamptz(3) not null, "canonical" text not null, "digest" text not null, primary key ("id"))`,
  `alter table "approval_event" add constraint "approval_event_request_id_sequence_unique" unique ("request_id", "sequence")`,
  `create table "approval_text" ("commitment" text not null, "request_id" uuid not null, "sequence" int not null, "name" text not null, "salt" text null, "value" text null, "erased_at" timestamptz(3) null, "erased_by_id" uuid null, "reason" text null, primary key ("commitment"))`,
  `create index "approval_text_request_id_index" on "approval_text" ("request_id")`,
  `create table "audit_leaf" ("position" int not null, "request_id" uuid not null, "number" text not null, "fact_count" int not null, "chain_head" text not null, "process_digest" text not null, primary key ("position"))`,
  `alter table "audit_leaf" add constraint "audit_leaf_request_id_fact_count_unique" unique ("request_id", "fact_count")`,
  `create table "audit_checkpoint" ("sequence" int not null, "at" timestamptz(3) not null, "tree_size" int not null, "root" text not null, "previous" text not null, "signature" text not null, "key_id" text not null, "public_key" text not null, primary key ("sequence"))`,
  `create table "approval_interest" ("id" uuid not null, "request_id" uuid not null, "person_id" uuid not null, "because" text not null, primary key ("id"))`,
  `alter table "approval_interest" add constraint "approval_interest_request_id_person_id_unique" unique ("request_id", "person_id")`,
  `create table "approval_assignment" ("id" uuid not null, "request_id" uuid not null, "ordinal" int not null, "step_key" text not null, "round" int not null, "attempt" int not null, "person_id" uuid not null, "status" text not null, "rule" text not null, "ballot_group" text null, "weight" double precision not null, "veto" boolean not null, "required" boolean not null, "position" int not null, "waits_for" int null, "hand_over_kind" text null, "hand_over_from_id" uuid null, "previous_ordinal" int null, "added_by_id" uuid null, "opened_at" timestamptz(3) null, "due_at" timestamptz(3) null, "urgent_at" timestamptz(3) not null, "decided_at" timestamptz(3) null, "decided_by_id" uuid null, "comment" text null, "evidence" text null, "reason" text null, primary key ("id"))`,
  `create index "approval_assignment_person_id_request_id_index" on "approval_assignment" ("person_id", "request_id")`,
  `create index approval_assignment_stalled on approval_assignment (due_at, id) where status = 'OPEN'`,
  `create index approval_assignment_inbox on approval_assignment (person_id, urgent_at, id) where status = 'OPEN'`,
  `alter table "approval_assignment" add constraint "approval_assignment_request_id_ordinal_unique" unique ("request_id", "ordinal")`,
  `alter table "approval_assignment" add constraint "approval_assignment_status_check" check ("status" in ('WAITING', 'OPEN', 'APPROVED', 'REJECTED', 'RETURNED', 'ABSTAINED', 'ADVISED', 'CONFIRMED', 'FILED', 'DELEGATED', 'TRANSFERRED', 'SKIPPED', 'CANCELLED'))`,
  `create table "absence" ("id" uuid not null, "person_id" uuid not null, "substitute_id" uuid null, "starts_at" timestamptz(3) not null, "ends_at" timestamptz(3) not null, "process_keys" text[] not null, primary key ("id"))`,
  `create index "absence_person_id_index" on "absence" ("person_id")`,
  `alter table "department" add constraint "department_parent_id_foreign" foreign key ("parent_id") references "department" ("id") on update no action on delete no action`,
  `alter table "app_user" add constraint "app_user_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "app_user" add constraint "app_user_manager_id_foreign" foreign key ("manager_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "session" add constraint "session_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "role_grant" add constraint "role_grant_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "role_grant" add constraint "role_grant_role_key_foreign" foreign key ("role_key") references "role" ("key") on update no action on delete no action`,
  `alter table "role_grant" add constraint "role_grant_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "plan" add constraint "plan_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "plan" add constraint "plan_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "plan_milestone" add constraint "plan_milestone_plan_id_foreign" foreign key ("plan_id") references "plan" ("id") on update no action on delete cascade`,
  `alter table "plan_milestone" add constraint "plan_milestone_done_by_id_foreign" foreign key ("done_by_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "plan_line" add constraint "plan_line_plan_id_foreign" foreign key ("plan_id") references "plan" ("id") on update no action on delete cascade`,
  `alter table "notification" add constraint "notification_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "customer" add constraint "customer_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "customer" add constraint "customer_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "project" add constraint "project_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "project" add constraint "project_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "project" add constraint "project_template_id_foreign" foreign key ("template_id") references "project_template" ("id") on update no action on delete no action`,
  `alter table "project" add constraint "project_customer_id_foreign" foreign key ("customer_id") references "customer" ("id") on update no action on delete no action`,
  `alter table "project_stage" add constraint "project_stage_project_id_foreign" foreign key ("project_id") references "project" ("id") on update no action on delete cascade`,
  `alter table "document" add constraint "document_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "document" add constraint "document_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "document" add constraint "document_stage_id_foreign" foreign key ("stage_id") references "project_stage" ("id") on update no action on delete no action`,
  `alter table "document" add constraint "document_plan_id_foreign" foreign key ("plan_id") references "plan" ("id") on update no action on delete no action`,
  `alter table "contact" add constraint "contact_customer_id_foreign" foreign key ("customer_id") references "customer" ("id") on update no action on delete no action`,
  `alter table "contract" add constraint "contract_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "contract" add constraint "contract_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "contract" add constraint "contract_customer_id_foreign" foreign key ("customer_id") references "customer" ("id") on update no action on delete no action`,
  `alter table "contract" add constraint "contract_project_id_foreign" foreign key ("project_id") references "project" ("id") on update no action on delete no action`,
  `alter table "payment_term" add constraint "payment_term_contract_id_foreign" foreign key ("contract_id") references "contract" ("id") on update no action on delete cascade`,
  `alter table "contract_line" add constraint "contract_line_contract_id_foreign" foreign key ("contract_id") references "contract" ("id") on update no action on delete cascade`,
  `alter table "approval_request" add constraint "approval_request_process_version_id_foreign" foreign key ("process_version_id") references "process_version" ("id") on update no action on delete no action`,
  `alter table "approval_request" add constraint "approval_request_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "approval_request" add constraint "approval_request_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "approval_request" add constraint "approval_request_requester_id_foreign" foreign key ("requester_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "approval_step" add constraint "approval_step_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `alter table "approval_event" add constraint "approval_event_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `alter table "approval_text" add constraint "approval_text_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `alter table "audit_leaf" add constraint "audit_leaf_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `alter table "approval_interest" add constraint "approval_interest_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `alter table "approval_interest" add constraint "approval_interest_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "approval_assignment" add constraint "approval_assignment_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `alter table "approval_assignment" add constraint "approval_assignment_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "absence" add constraint "absence_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "absence" add constraint "absence_substitute_id_foreign" foreign key ("substitute_id") references "app_user" ("id") on update no action on delete no action`,
  `-- Facts are append-only for everyone who speaks SQL to us.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$`,
  `create trigger approval_event_append_only before update or delete on approval_event for each row execute function refuse_change()`,
  `create trigger approval_event_no_truncate before truncate on approval_event for each statement execute function refuse_change()`,
  `create trigger audit_leaf_append_only before update or delete on audit_leaf for each row execute function refuse_change()`,
  `create trigger audit_leaf_no_truncate before truncate on audit_leaf for each statement execute function refuse_change()`,
  `create trigger audit_checkpoint_append_only before update or delete on audit_checkpoint for each row execute function refuse_change()`,
  `create trigger audit_checkpoint_no_truncate before truncate on audit_checkpoint for each statement execute function refuse_change()`,
  `-- The words of a fact change once, by erasure, which leaves who, when and why.
create function refuse_text_change() returns trigger language plpgsql as $$
begin
  if old.erased_at is not null or new.erased_at is null or new.salt is not null or new.value is not null or new.reason is null
     or new.commitment <> old.commitment or new.request_id <> old.request_id or new.sequence <> old.sequence or new.name <> old.name then
    raise exception 'the text of a fact can only be erased' using errcode = 'restrict_violation';
  end if;
  return new;
end $$`,
  `create trigger approval_text_erase_only before update on approval_text for each row execute function refuse_text_change()`,
  `create trigger approval_text_no_delete before delete on approval_text for each row execute function refuse_change()`,
  `create trigger approval_text_no_truncate before truncate on approval_text for each statement execute function refuse_change()`,
  `-- A counted decision by a person with an interest is refused here as well, whatever the code above thinks.
create function refuse_interested_decision() returns trigger language plpgsql as $$
begin
  if new.status in ('APPROVED', 'REJECTED', 'ABSTAINED', 'CONFIRMED', 'FILED', 'RETURNED')
     and exists (select 1 from approval_interest i where i.request_id = new.request_id and i.person_id in (new.decided_by_id, new.person_id))
     and not exists (select 1 from approval_step s where s.request_id = new.request_id and s.round = new.round
                     and s.key = new.step_key and s.attempt = new.attempt and s.interest_allowed) then
    raise exception 'a person with an interest cannot decide' using errcode = 'restrict_violation';
  end if;
  return new;
end $$`,
  `create function refuse_interest_lifted() returns trigger language plpgsql as $$
begin
  raise exception 'what a step allows is fixed when it opens' using errcode = 'restrict_violation';
end $$`,
  `create trigger approval_step_interest before update of interest_allowed on approval_step for each row when (new.interest_allowed is distinct from old.interest_allowed) execute function refuse_interest_lifted()`,
  `create trigger approval_assignment_interest before insert or update of status, decided_by_id on approval_assignment for each row execute function refuse_interested_decision()`,
  `-- An ended request never changes, but for the erasure of what was submitted.
create function refuse_ended_change() returns trigger language plpgsql as $$
begin
  if old.status not in ('PENDING', 'RETURNED')
     and (to_jsonb(new) - 'title' - 'content' <> to_jsonb(old) - 'title' - 'content' or new.title <> '[erased]' or new.content <> '{}') then
    raise exception 'an ended request never changes' using errcode = 'restrict_violation';
  end if;
  return new;
end $$`,
  `create trigger approval_request_ended before update on approval_request for each row execute function refuse_ended_change()`,
  `-- A published version keeps its content; only its status moves on.
create function refuse_published_change() returns trigger language plpgsql as $$
begin
  if old.status <> 'DRAFT' and (new.definition is distinct from old.definition or new.key <> old.key or new.version <> old.version
     or new.subject_type <> old.subject_type or new.purpose <> old.purpose or new.priority <> old.priority or new.status = 'DRAFT') then
    raise exception 'a published process version never changes' using errcode = 'restrict_violation';
  end if;
  return new;
end $$`,
  `create trigger process_version_published before update on process_version for each row execute function refuse_published_change()`,
  `-- Whoever caches the organisation compares this number.
insert into organisation_revision (key, revision) values ('organisation', 1)`,
  `create function bump_organisation_revision() returns trigger language plpgsql as $$
begin
  update organisation_revision set revision = revision + 1;
  return null;
end $$`,
  `create trigger app_user_revision after insert or update or delete on app_user for each statement execute function bump_organisation_revision()`,
  `create trigger department_revision after insert or update or delete on department for each statement execute function bump_organisation_revision()`,
  `create trigger role_revision after insert or update or delete on role for each statement execute function bump_organisation_revision()`,
  `create trigger role_grant_revision after insert or update or delete on role_grant for each statement execute function bump_organisation_revision()`,
  `create trigger absence_revision after insert or update or delete on absence for each statement execute function bump_organisation_revision()`,
  `create trigger business_calendar_revision after insert or update or delete on business_calendar for each statement execute function bump_organisation_revision()`,
];

const DOWN = [
  `drop table if exists sign_in_attempt, business_calendar, department, form_template, idempotency_record, number_sequence, organisation_revision, outbox_message, plan_template, process_version, project_template, role, timer, app_user, session, role_grant, plan, plan_milestone, plan_line, notification, customer, project, project_stage, document, contact, contract, payment_term, contract_line, approval_request, approval_step, approval_event, approval_text, audit_leaf, audit_checkpoint, approval_interest, approval_assignment, absence cascade`,
  `drop function if exists refuse_change()`,
  `drop function if exists refuse_text_change()`,
  `drop function if exists refuse_interested_decision()`,
  `drop function if exists refuse_interest_lifted()`,
  `drop function if exists refuse_ended_change()`,
  `drop function if exists refuse_published_change()`,
  `drop function if exists bump_organisation_revision()`,
];
