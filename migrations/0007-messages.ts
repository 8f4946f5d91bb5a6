import { Migration } from '@mikro-orm/migrations';

/** Messages that leave the building: for whom, what is due by channel, preferences, templates, digests, decision links. */
export class Migration0007Messages extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `alter table "outbox_message" add column "receiver" text null`,
  `create index outbox_message_outgoing on outbox_message (channel, next_try_at, id) where state = 'PENDING' and channel <> 'in-app'`,
  `alter table "notification" add column "digest_key" text null`,
  `create index notification_digest on notification (digest_key) where digest_key is not null`,
  `create table "notification_preference" ("id" uuid not null, "person_id" uuid not null, "mail" jsonb not null, "digest_hour" int not null, "quiet_from" text null, "quiet_until" text null, "urgent" text[] not null, "time_zone" text null, "updated_at" timestamptz(3) not null, primary key ("id"))`,
  `alter table "notification_preference" add constraint "notification_preference_person_id_unique" unique ("person_id")`,
  `alter table "notification_preference" add constraint "notification_preference_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
  `create table "message_template" ("key" text not null, "definition" jsonb not null, primary key ("key"))`,
  `create table "decision_link" ("id" uuid not null, "token_hash" text not null, "form_token" text not null, "assignment_id" uuid not null, "person_id" uuid not null, "decision" text not null, "expires_at" timestamptz(3) not null, "used_at" timestamptz(3) null, primary key ("id"))`,
  `alter table "decision_link" add constraint "decision_link_token_hash_unique" unique ("token_hash")`,
  `alter table "decision_link" add constraint "decision_link_decision_check" check ("decision" in ('APPROVE', 'REJECT'))`,
  `create index "decision_link_assignment_id_index" on "decision_link" ("assignment_id")`,
  `create index "decision_link_expires_at_index" on "decision_link" ("expires_at")`,
  `alter table "decision_link" add constraint "decision_link_assignment_id_foreign" foreign key ("assignment_id") references "approval_assignment" ("id") on update no action on delete no action`,
  `alter table "decision_link" add constraint "decision_link_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
];

const DOWN = [
  `drop table decision_link, message_template, notification_preference`,
  `drop index notification_digest`,
  `alter table "notification" drop column "digest_key"`,
  `drop index outbox_message_outgoing`,
  `alter table "outbox_message" drop column "receiver"`,
];
