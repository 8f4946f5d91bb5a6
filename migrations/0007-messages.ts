import { Migration } from '@mikro-orm/migrations';

/** Messages that leave the building: for whom, and what is due by channel. */
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
];

const DOWN = [`drop index outbox_message_outgoing`, `alter table "outbox_message" drop column "receiver"`];
