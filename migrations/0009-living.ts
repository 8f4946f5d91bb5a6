import { Migration } from '@mikro-orm/migrations';

/** Moves of open requests to a new version; who answers for a leaver; interests that are never deleted; group versions. */
export class Migration0009Living extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

/** The refusal of a counted decision, for interests that also meet this. */
function refuseInterestedDecision(condition: string): string {
  return `create or replace function refuse_interested_decision() returns trigger language plpgsql as $$
begin
  if new.status in ('APPROVED', 'REJECTED', 'ABSTAINED', 'CONFIRMED', 'FILED', 'RETURNED')
     and exists (select 1 from approval_interest i where i.request_id = new.request_id and i.person_id in (new.decided_by_id, new.person_id) ${condition})
     and not exists (select 1 from approval_step s where s.request_id = new.request_id and s.round = new.round
                     and s.key = new.step_key and s.attempt = new.attempt and s.interest_allowed) then
    raise exception 'a person with an interest cannot decide' using errcode = 'restrict_violation';
  end if;
  return new;
end $$`;
}

const UP = [
  `alter table "approval_request" add column "pause_cause" text null, add column "contact_id" uuid null`,
  `create table "request_move" ("id" uuid not null, "kind" text not null, "process_key" text not null, "to_version_id" uuid null, "request_ids" jsonb null, "comment" text not null, "started_by_id" uuid not null, "started_at" timestamptz(3) not null, "cursor" uuid null, "moved" int not null default 0, "kept_count" int not null default 0, "kept" jsonb not null default '[]', "finished_at" timestamptz(3) null, primary key ("id"))`,
  `alter table "request_move" add constraint "request_move_kind_check" check ("kind" in ('MIGRATE', 'HOLD', 'RELEASE'))`,
  `create index "request_move_process_key_started_at_index" on "request_move" ("process_key", "started_at")`,
  `alter table "request_move" add constraint "request_move_to_version_id_foreign" foreign key ("to_version_id") references "process_version" ("id") on update no action on delete no action`,
  `alter table "request_move" add constraint "request_move_started_by_id_foreign" foreign key ("started_by_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "approval_group" add column "version" int not null default 1, add column "changed_because" text null`,
  `-- An interest is never deleted: with a resubmission it may lapse, and in its new round others may come.
alter table "approval_interest" add column "position" int not null default 0, add column "lapsed" boolean not null default false`,
  `create function refuse_interest_change() returns trigger language plpgsql as $$
begin
  if new.request_id <> old.request_id or new.person_id <> old.person_id
     or (not (old.lapsed and not new.lapsed)
         and not exists (select 1 from approval_request r where r.id = old.request_id and r.status = 'RETURNED')) then
    raise exception 'an interest lapses only when a returned request is handed in again' using errcode = 'restrict_violation';
  end if;
  return new;
end $$`,
  `create trigger approval_interest_stays before update on approval_interest for each row execute function refuse_interest_change()`,
  refuseInterestedDecision(`and not i.lapsed`),
];

const DOWN = [
  refuseInterestedDecision(``),
  `drop trigger approval_interest_stays on approval_interest`,
  `drop function refuse_interest_change()`,
  `alter table "approval_interest" drop column "position", drop column "lapsed"`,
  `alter table "approval_group" drop column "version", drop column "changed_because"`,
  `drop table request_move`,
  `alter table "approval_request" drop column "pause_cause", drop column "contact_id"`,
];
