import { Migration } from '@mikro-orm/migrations';

/** The route foreseen at each submission, kept with the request. */
export class Migration0004KeptRoutes extends Migration {
  override up(): void {
    this.addSql(
      `create table "approval_preview" ("id" uuid not null, "request_id" uuid not null, "round" int not null, "steps" jsonb not null, "differences" jsonb not null, primary key ("id"))`,
    );
    this.addSql(
      `alter table "approval_preview" add constraint "approval_preview_request_id_round_unique" unique ("request_id", "round")`,
    );
    this.addSql(
      `alter table "approval_preview" add constraint "approval_preview_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
    );
  }

  override down(): void {
    this.addSql(`drop table if exists approval_preview`);
  }
}
