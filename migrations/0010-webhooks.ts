import { Migration } from '@mikro-orm/migrations';

/** Webhook endpoints with what they answered, chat channels, and messages that are held for an endpoint put aside. */
export class Migration0010Webhooks extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `alter table "outbox_message" drop constraint "outbox_message_state_check"`,
  `alter table "outbox_message" add constraint "outbox_message_state_check" check ("state" in ('PENDING', 'DELIVERED', 'DEAD', 'HELD'))`,
  `create index outbox_message_of_endpoint on outbox_message (receiver, created_at, id) where channel = 'webhook'`,
  `create index outbox_message_kept on outbox_message (created_at) where channel in ('webhook', 'chat') and state <> 'PENDING'`,
  `create table "webhook_endpoint" ("id" uuid not null, "url" text not null, "description" text not null, "event_types" text[] not null, "state" text not null default 'ENABLED', "disabled_because" text null, "owner_id" uuid not null, "secret" text not null, "previous_secret" text null, "previous_secret_until" timestamptz(3) null, "delivered_count" int not null default 0, "failed_count" int not null default 0, "given_up" int not null default 0, "failing_since" timestamptz(3) null, "last_delivered_at" timestamptz(3) null, "created_at" timestamptz(3) not null, primary key ("id"))`,
  `alter table "webhook_endpoint" add constraint "webhook_endpoint_state_check" check ("state" in ('ENABLED', 'DISABLED'))`,
  `alter table "webhook_endpoint" add constraint "webhook_endpoint_disabled_because_check" check ("disabled_because" in ('BY_HAND', 'GONE', 'FAILING', 'OWNER'))`,
  `alter table "webhook_endpoint" add constraint "webhook_endpoint_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `create table "webhook_answer" ("message_id" uuid not null, "endpoint_id" uuid not null, "at" timestamptz(3) not null, "response_code" int null, "answer" text null, "duration_ms" int not null, primary key ("message_id"))`,
  `alter table "webhook_answer" add constraint "webhook_answer_message_id_foreign" foreign key ("message_id") references "outbox_message" ("id") on update no action on delete cascade`,
  `create table "chat_channel" ("id" uuid not null, "kind" text not null, "name" text not null, "url" text not null, "secret" text null, "language" text not null, "message_kinds" text[] not null, "department_id" uuid null, "role_key" text null, "enabled" boolean not null default true, "last_error" text null, "last_sent_at" timestamptz(3) null, "created_by_id" uuid not null, "created_at" timestamptz(3) not null, primary key ("id"))`,
  `alter table "chat_channel" add constraint "chat_channel_kind_check" check ("kind" in ('WECOM', 'DINGTALK', 'FEISHU', 'SLACK'))`,
  `alter table "chat_channel" add constraint "chat_channel_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  // Who listens is kept in memory with the organisation; counters change with every delivery and raise nothing.
  `create trigger webhook_endpoint_revision after insert or delete or update of state, event_types on webhook_endpoint for each statement execute function bump_organisation_revision()`,
  `create trigger chat_channel_revision after insert or delete or update of enabled, message_kinds, department_id, role_key on chat_channel for each statement execute function bump_organisation_revision()`,
];

const DOWN = [
  `drop table chat_channel, webhook_answer, webhook_endpoint`,
  `drop index outbox_message_kept`,
  `drop index outbox_message_of_endpoint`,
  `delete from outbox_message where state = 'HELD'`,
  `alter table "outbox_message" drop constraint "outbox_message_state_check"`,
  `alter table "outbox_message" add constraint "outbox_message_state_check" check ("state" in ('PENDING', 'DELIVERED', 'DEAD'))`,
];
