import { Migration } from '@mikro-orm/migrations';

/** What the first version handed out, whatever an organisation has made of it since. */
const PERMISSIONS = `
  customer:read customer:create customer:update project:read project:create project:update plan:read
  plan:create plan:update contract:read contract:create contract:update document:read document:create
  document:update request:read request:cancel request:unblock request:erase request:override process:read
  process:publish timer:read timer:manage organisation:read organisation:manage audit:read`;
const ROLES = `
  salesperson pre-sales-engineer sales-assistant sales-manager planner marketing-specialist marketing-manager
  marketing-director technical-reviewer finance legal warehouse project-manager delivery-engineer
  customer-service clerk deputy-general-manager general-manager auditor administrator`;

const listed = (names: string): string => `regexp_split_to_table(trim(both e' \\n' from '${names}'), '\\s+')`;

/** The roles and the permissions that packs have handed out already, so that each is handed out once. */
export class Migration0013HandedOut extends Migration {
  override up(): void {
    this.addSql(
      `create table "handed_out" ("kind" text not null, "name" text not null, primary key ("kind", "name"))`,
    );
    this.addSql(
      `alter table "handed_out" add constraint "handed_out_kind_check" check ("kind" in ('PERMISSION', 'ROLE'))`,
    );
    this.addSql(`insert into handed_out select 'PERMISSION', ${listed(PERMISSIONS)}`);
    this.addSql(`-- Where there are no roles yet, all are still to be made.
insert into handed_out select 'ROLE', name from
  (select key as name from role union select ${listed(ROLES)}) known where exists (select 1 from role)`);
  }

  override down(): void {
    this.addSql(`drop table if exists handed_out`);
  }
}
