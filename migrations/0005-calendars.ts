import { Migration } from '@mikro-orm/migrations';

/** Calendars of people and of the company, their changes, and what moved by them. */
export class Migration0005Calendars extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `alter table "business_calendar" add column "version" int not null default 1, add column "is_default" boolean not null default false, add column "imported" jsonb not null default '{}'`,
  `create unique index business_calendar_default on business_calendar (is_default) where is_default`,
  `alter table "app_user" add column "calendar_key" text null`,
  `alter table "approval_step" add column "calendar_key" text null`,
  `create index approval_step_clock on approval_step (calendar_key) where status = 'OPEN' and due_at is not null`,
  `alter table "plan" add column "template_version" int null`,
  `update plan set template_version = (select version from plan_template where plan_template.key = plan.template_key) where template_key is not null`,
  `create table "calendar_change" ("id" uuid not null, "calendar_key" text not null, "version" int not null, "kind" text not null, "definition" jsonb null, "person_id" uuid null, "department_id" uuid null, "changed_by_id" uuid not null, "changed_at" timestamptz(3) not null, primary key ("id"))`,
  `create index "calendar_change_calendar_key_changed_at_index" on "calendar_change" ("calendar_key", "changed_at")`,
  `alter table "calendar_change" add constraint "calendar_change_changed_by_id_foreign" foreign key ("changed_by_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "calendar_change" add constraint "calendar_change_kind_check" check ("kind" in ('CREATED', 'EDITED', 'IMPORTED', 'ASSIGNED'))`,
  `create table "plan_milestone_move" ("id" uuid not null, "milestone_id" uuid not null, "was_due_at" timestamptz(3) null, "due_at" timestamptz(3) null, "calendar_key" text not null, "calendar_version" int not null, "change_id" uuid not null, "moved_at" timestamptz(3) not null, primary key ("id"))`,
  `create index "plan_milestone_move_milestone_id_index" on "plan_milestone_move" ("milestone_id")`,
  `alter table "plan_milestone_move" add constraint "plan_milestone_move_milestone_id_foreign" foreign key ("milestone_id") references "plan_milestone" ("id") on update no action on delete cascade`,
  `alter table "plan_milestone_move" add constraint "plan_milestone_move_change_id_foreign" foreign key ("change_id") references "calendar_change" ("id") on update no action on delete no action`,
];

const DOWN = [
  `drop table if exists plan_milestone_move, calendar_change`,
  `alter table "plan" drop column "template_version"`,
  `drop index approval_step_clock`,
  `alter table "approval_step" drop column "calendar_key"`,
  `alter table "app_user" drop column "calendar_key"`,
  `drop index business_calendar_default`,
  `alter table "business_calendar" drop column "version", drop column "is_default", drop column "imported"`,
];
