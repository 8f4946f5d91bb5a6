import { Migration } from '@mikro-orm/migrations';

/** A person's calendar feed, found by the hash of its address. */
export class Migration0012CalendarFeeds extends Migration {
  override up(): void {
    this.addSql(
      `create table "calendar_feed" ("id" uuid not null, "person_id" uuid not null, "token_hash" text not null, "created_at" timestamptz(3) not null, "read_at" timestamptz(3) null, primary key ("id"))`,
    );
    this.addSql(
      `alter table "calendar_feed" add constraint "calendar_feed_person_id_unique" unique ("person_id")`,
    );
    this.addSql(
      `alter table "calendar_feed" add constraint "calendar_feed_token_hash_unique" unique ("token_hash")`,
    );
    this.addSql(
      `alter table "calendar_feed" add constraint "calendar_feed_person_id_foreign" foreign key ("person_id") references "app_user" ("id") on update no action on delete no action`,
    );
  }

  override down(): void {
    this.addSql(`drop table if exists calendar_feed`);
  }
}
