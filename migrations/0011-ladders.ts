import { Migration } from '@mikro-orm/migrations';

/** Timers that people move, with their trail; stages that stall; payments that are chased, and what was received. */
export class Migration0011Ladders extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `alter table "timer" drop constraint "timer_state_check"`,
  `alter table "timer" add column "paused_at" timestamptz(3) null`,
  `alter table "timer" add constraint "timer_state_check" check ("state" in ('SCHEDULED', 'PAUSED', 'FIRED', 'CANCELLED'))`,
  `create table "timer_event" ("id" uuid not null, "timer_id" uuid not null, "type" text not null, "by_id" uuid null, "at" timestamptz(3) not null, "reason" text null, "due_before" timestamptz(3) not null, "due_after" timestamptz(3) not null, primary key ("id"))`,
  `create index "timer_event_timer_id_at_id_index" on "timer_event" ("timer_id", "at", "id")`,
  `alter table "timer_event" add constraint "timer_event_timer_id_foreign" foreign key ("timer_id") references "timer" ("id") on update no action on delete no action`,
  `alter table "timer_event" add constraint "timer_event_by_id_foreign" foreign key ("by_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "timer_event" add constraint "timer_event_type_check" check ("type" in ('SNOOZED', 'RUN', 'PAUSED', 'RESUMED', 'KEPT'))`,
  `create trigger timer_event_append_only before update or delete on timer_event for each row execute function refuse_change()`,
  `create trigger timer_event_no_truncate before truncate on timer_event for each statement execute function refuse_change()`,
  `alter table "project_stage" add column "active_at" timestamptz(3) null, add column "stalls_at" timestamptz(3) null, add column "rung" int not null default 0, add column "chase_cycle" int not null default 0`,
  `create index project_stage_stalls on project_stage (stalls_at, id) where stalls_at is not null`,
  `create table "payment_ladder" ("key" text not null, "version" int not null, "definition" jsonb not null, primary key ("key"))`,
  `create table "receivable" ("id" uuid not null, "term_id" uuid not null, "contract_id" uuid not null, "due_at" timestamptz(3) not null, "status" text not null default 'OPEN', "ladder" jsonb not null, "rung" int not null default 0, "cycle" int not null default 1, "since" timestamptz(3) not null, primary key ("id"))`,
  `alter table "receivable" add constraint "receivable_term_id_unique" unique ("term_id")`,
  `create index "receivable_contract_id_index" on "receivable" ("contract_id")`,
  `create index receivable_open on receivable (due_at, id) where status = 'OPEN'`,
  `alter table "receivable" add constraint "receivable_status_check" check ("status" in ('OPEN', 'PAID', 'STOPPED'))`,
  `alter table "receivable" add constraint "receivable_term_id_foreign" foreign key ("term_id") references "payment_term" ("id") on update no action on delete no action`,
  `alter table "receivable" add constraint "receivable_contract_id_foreign" foreign key ("contract_id") references "contract" ("id") on update no action on delete no action`,
  `create table "receipt" ("id" uuid not null, "term_id" uuid not null, "amount" numeric(18,2) not null, "received_on" date not null, "note" text null, "corrects_id" uuid null, "by_id" uuid not null, "at" timestamptz(3) not null, primary key ("id"))`,
  `create index "receipt_term_id_at_id_index" on "receipt" ("term_id", "at", "id")`,
  `alter table "receipt" add constraint "receipt_corrects_id_unique" unique ("corrects_id")`,
  `alter table "receipt" add constraint "receipt_term_id_foreign" foreign key ("term_id") references "payment_term" ("id") on update no action on delete no action`,
  `alter table "receipt" add constraint "receipt_corrects_id_foreign" foreign key ("corrects_id") references "receipt" ("id") on update no action on delete no action`,
  `alter table "receipt" add constraint "receipt_by_id_foreign" foreign key ("by_id") references "app_user" ("id") on update no action on delete no action`,
  `create trigger receipt_append_only before update or delete on receipt for each row execute function refuse_change()`,
  `create trigger receipt_no_truncate before truncate on receipt for each statement execute function refuse_change()`,
];

const DOWN = [
  `drop table if exists receipt, receivable, payment_ladder, timer_event`,
  `drop index if exists project_stage_stalls`,
  `alter table "project_stage" drop column if exists "active_at", drop column if exists "stalls_at", drop column if exists "rung", drop column if exists "chase_cycle"`,
  `update "timer" set "state" = 'SCHEDULED' where "state" = 'PAUSED'`,
  `alter table "timer" drop constraint "timer_state_check"`,
  `alter table "timer" drop column "paused_at"`,
  `alter table "timer" add constraint "timer_state_check" check ("state" in ('SCHEDULED', 'FIRED', 'CANCELLED'))`,
];
