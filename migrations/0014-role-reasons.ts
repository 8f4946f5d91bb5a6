import { Migration } from '@mikro-orm/migrations';

/** Why a role was last taken from someone although approvals needed them. */
export class Migration0014RoleReasons extends Migration {
  override up(): void {
    this.addSql(`alter table "role" add column "changed_because" text null`);
  }

  override down(): void {
    this.addSql(`alter table "role" drop column "changed_because"`);
  }
}
