import { Migration } from '@mikro-orm/migrations';

/** Groups, choices, pools; absences by kind of subject; leavers. */
export class Migration0003RulesAndAbsence extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `create table "approval_group" ("key" text not null, "title_en" text not null, "title_zh" text not null, primary key ("key"))`,
  `create table "approval_group_member" ("id" uuid not null, "group_key" text not null, "person_id" uuid not null, primary key ("id"))`,
  `alter table "approval_group_member" add constraint "approval_group_member_group_key_person_id_unique" unique ("group_key", "person_id")`,
  `create index "approval_group_member_person_id_index" on "approval_group_member" ("person_id")`,
  `alter table "approval_group_member" add constraint "approval_group_member_group_key_foreign" foreign key ("group_key") references "approval_group" ("key") on update no action on delete no action`,
  `alter table "approval_group_member" add constraint "approval_group_member_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `create trigger approval_group_revision after insert or update or delete on approval_group for each statement execute function bump_organisation_revision()`,
  `create trigger approval_group_member_revision after insert or update or delete on approval_group_member for each statement execute function bump_organisation_revision()`,
  `alter table "approval_request" add column "choices" jsonb not null default '[]'`,
  `alter table "approval_assignment" add column "pool" text null, add column "claimed_at" timestamptz(3) null`,
  `create index approval_assignment_stood_in on approval_assignment (hand_over_from_id) where hand_over_kind = 'ABSENCE'`,
  `alter table "absence" add column "subject_types" text[] not null default '{}', add column "created_by_id" uuid null, add column "created_at" timestamptz(3) null`,
  `create index "absence_substitute_id_index" on "absence" ("substitute_id")`,
  `alter table "app_user" add column "left_at" timestamptz(3) null, add column "leaving_reason" text null, add column "successor_id" uuid null`,
];

const DOWN = [
  `alter table "app_user" drop column "left_at", drop column "leaving_reason", drop column "successor_id"`,
  `drop index "absence_substitute_id_index"`,
  `alter table "absence" drop column "subject_types", drop column "created_by_id", drop column "created_at"`,
  `drop index approval_assignment_stood_in`,
  `alter table "approval_assignment" drop column "pool", drop column "claimed_at"`,
  `alter table "approval_request" drop column "choices"`,
  `drop table approval_group_member, approval_group`,
];
