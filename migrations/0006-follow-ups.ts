import { Migration } from '@mikro-orm/migrations';

/** Follow-ups with their trail, events of records, recurring rules. */
export class Migration0006FollowUps extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `create table "record_event" ("id" uuid not null, "subject_type" text not null, "subject_id" uuid not null, "name" text not null, "at" timestamptz(3) null, "set_by_id" uuid not null, "set_at" timestamptz(3) not null, primary key ("id"))`,
  `alter table "record_event" add constraint "record_event_subject_id_name_unique" unique ("subject_id", "name")`,
  `create table "recurring_rule" ("id" uuid not null, "key" text not null, "pack" text null, "pack_version" int null, "title_en" text not null, "title_zh" text not null, "status" text not null default 'ACTIVE', "definition" jsonb not null, "changed" boolean not null default false, "starts_at" timestamptz(3) not null, "version" int not null default 1, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, primary key ("id"))`,
  `alter table "recurring_rule" add constraint "recurring_rule_key_unique" unique ("key")`,
  `create table "rule_occurrence" ("id" uuid not null, "rule_id" uuid not null, "key" text not null, "at" timestamptz(3) not null, "made" boolean not null, "created_at" timestamptz(3) not null, primary key ("id"))`,
  `create index "rule_occurrence_rule_id_at_index" on "rule_occurrence" ("rule_id", "at")`,
  `alter table "rule_occurrence" add constraint "rule_occurrence_rule_id_key_unique" unique ("rule_id", "key")`,
  `create table "follow_up" ("id" uuid not null, "subject_type" text null, "subject_id" uuid null, "kind" text not null default 'TASK', "title_en" text not null, "title_zh" text not null, "note" text null, "priority" text not null default 'NORMAL', "person_id" uuid null, "role_key" text null, "role_department_id" uuid null, "department_id" uuid null, "status" text not null default 'OPEN', "due_at" timestamptz(3) null, "rule" jsonb null, "waiting_for" text[] not null, "violation" jsonb null, "calendar_key" text null, "ladder" jsonb not null, "rung" int not null default 0, "cycle" int not null default 1, "repeat" jsonb null, "occurrence" int not null default 0, "previous_id" uuid null, "rule_id" uuid null, "outcome_kind" text null, "outcome" text null, "done_at" timestamptz(3) null, "done_by_id" uuid null, "created_by_id" uuid null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "version" int not null default 1, primary key ("id"))`,
  `create index "follow_up_department_id_index" on "follow_up" ("department_id")`,
  `create index "follow_up_previous_id_index" on "follow_up" ("previous_id")`,
  `create index "follow_up_rule_id_index" on "follow_up" ("rule_id")`,
  `create index "follow_up_created_by_id_index" on "follow_up" ("created_by_id")`,
  `create index follow_up_done on follow_up (done_by_id, done_at) where status = 'DONE'`,
  `create index follow_up_due on follow_up (coalesce(due_at, '9999-12-31 00:00:00+00'::timestamptz), id)`,
  `create index "follow_up_subject_id_index" on "follow_up" ("subject_id")`,
  `create index follow_up_role on follow_up (role_key) where status = 'OPEN' and person_id is null`,
  `create index follow_up_person on follow_up (person_id, due_at) where status = 'OPEN'`,
  `create unique index follow_up_one_open on follow_up (rule_id, subject_id) where status = 'OPEN' and rule_id is not null and subject_id is not null`,
  `create table "follow_up_event" ("id" uuid not null, "follow_up_id" uuid not null, "type" text not null, "by_id" uuid null, "at" timestamptz(3) not null, "details" jsonb not null, primary key ("id"))`,
  `create index "follow_up_event_follow_up_id_at_id_index" on "follow_up_event" ("follow_up_id", "at", "id")`,
  `alter table "recurring_rule" add constraint "recurring_rule_status_check" check ("status" in ('ACTIVE', 'PAUSED', 'DELETED'))`,
  `alter table "rule_occurrence" add constraint "rule_occurrence_rule_id_foreign" foreign key ("rule_id") references "recurring_rule" ("id") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_role_key_foreign" foreign key ("role_key") references "role" ("key") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_role_department_id_foreign" foreign key ("role_department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_previous_id_foreign" foreign key ("previous_id") references "follow_up" ("id") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_rule_id_foreign" foreign key ("rule_id") references "recurring_rule" ("id") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_done_by_id_foreign" foreign key ("done_by_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_created_by_id_foreign" foreign key ("created_by_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "follow_up" add constraint "follow_up_kind_check" check ("kind" in ('CALL', 'VISIT', 'MEETING', 'MESSAGE', 'REPORT', 'PAYMENT', 'TASK'))`,
  `alter table "follow_up" add constraint "follow_up_priority_check" check ("priority" in ('LOW', 'NORMAL', 'HIGH'))`,
  `alter table "follow_up" add constraint "follow_up_status_check" check ("status" in ('OPEN', 'DONE', 'CANCELLED'))`,
  `alter table "follow_up" add constraint "follow_up_outcome_kind_check" check ("outcome_kind" in ('SUCCEEDED', 'NOT_REACHED', 'DECLINED', 'NOT_NEEDED'))`,
  `alter table "follow_up_event" add constraint "follow_up_event_follow_up_id_foreign" foreign key ("follow_up_id") references "follow_up" ("id") on update no action on delete no action`,
  `create trigger follow_up_event_append_only before update or delete on follow_up_event for each row execute function refuse_change()`,
  `create trigger follow_up_event_no_truncate before truncate on follow_up_event for each statement execute function refuse_change()`,
];

const DOWN = [
  `drop table if exists follow_up_event, follow_up, record_event, rule_occurrence, recurring_rule`,
];
