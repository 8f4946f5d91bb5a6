import { Migration } from '@mikro-orm/migrations';

/** Questions, readers, clocks that stand still, requests that expire. */
export class Migration0002Verbs extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `create table "approval_question" ("id" uuid not null, "request_id" uuid not null, "number" int not null, "step_key" text not null, "round" int not null, "attempt" int not null, "ordinal" int not null, "asked_by_id" uuid not null, "asked_of_id" uuid not null, "question" text not null, "stops_clock" boolean not null, "status" text not null, "asked_at" timestamptz(3) not null, "answer" text null, "answered_at" timestamptz(3) null, primary key ("id"))`,
  `alter table "approval_question" add constraint "approval_question_request_id_number_unique" unique ("request_id", "number")`,
  `create index approval_question_open on approval_question (asked_of_id) where status = 'OPEN'`,
  `alter table "approval_question" add constraint "approval_question_status_check" check ("status" in ('OPEN', 'ANSWERED', 'LAPSED'))`,
  `create table "approval_reader" ("id" uuid not null, "request_id" uuid not null, "person_id" uuid not null, "added_by_id" uuid not null, primary key ("id"))`,
  `alter table "approval_reader" add constraint "approval_reader_request_id_person_id_unique" unique ("request_id", "person_id")`,
  `create index "approval_reader_person_id_request_id_index" on "approval_reader" ("person_id", "request_id")`,
  `alter table "approval_step" add column "timers" jsonb not null default '[]', add column "clock_stopped_at" timestamptz(3) null`,
  `alter table "approval_request" add column "expires_at" timestamptz(3) null`,
  `alter table "approval_question" add constraint "approval_question_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `alter table "approval_question" add constraint "approval_question_asked_by_id_foreign" foreign key ("asked_by_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "approval_question" add constraint "approval_question_asked_of_id_foreign" foreign key ("asked_of_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "approval_reader" add constraint "approval_reader_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `alter table "approval_reader" add constraint "approval_reader_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "approval_reader" add constraint "approval_reader_added_by_id_foreign" foreign key ("added_by_id") references "app_user" ("id") on update no action on delete no action`,
];

const DOWN = [
  `drop table if exists approval_question, approval_reader`,
  `alter table "approval_step" drop column "timers", drop column "clock_stopped_at"`,
  `alter table "approval_request" drop column "expires_at"`,
];
