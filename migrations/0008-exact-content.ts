import { Migration } from '@mikro-orm/migrations';

/** What stands of an approval after an edit, what carries over; quotes, invoices, files. */
export class Migration0008ExactContent extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}

const UP = [
  `create table "stored_file" ("id" uuid not null, "digest" text not null, "name" text not null, "media_type" text not null, "size" int not null, "content" bytea not null, "uploaded_by_id" uuid not null, "uploaded_at" timestamptz(3) not null, primary key ("id"))`,
  `create index "stored_file_uploaded_by_id_index" on "stored_file" ("uploaded_by_id")`,
  `create table "attachment" ("id" uuid not null, "subject_type" text not null, "subject_id" uuid not null, "file_id" uuid not null, primary key ("id"))`,
  `create index "attachment_file_id_index" on "attachment" ("file_id")`,
  `alter table "attachment" add constraint "attachment_subject_id_file_id_unique" unique ("subject_id", "file_id")`,
  `create table "quote" ("id" uuid not null, "number" text not null, "owner_id" uuid not null, "department_id" uuid null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_by_id" uuid not null, "version" int not null default 1, "archived_at" timestamptz(3) null, "title" text not null, "status" text not null default 'DRAFT', "customer_id" uuid not null, "project_id" uuid null, "valid_until" date null, "copied_from_id" uuid null, "amount" numeric(18,2) not null, "currency" char(3) not null, "discount_percent" numeric(5,2) not null default '0.00', "note" text null, primary key ("id"))`,
  `alter table "quote" add constraint "quote_number_unique" unique ("number")`,
  `create index "quote_owner_id_index" on "quote" ("owner_id")`,
  `create index "quote_department_id_index" on "quote" ("department_id")`,
  `create index "quote_customer_id_index" on "quote" ("customer_id")`,
  `create index "quote_project_id_index" on "quote" ("project_id")`,
  `create index "quote_created_at_id_index" on "quote" ("created_at", "id")`,
  `create table "quote_line" ("id" uuid not null, "position" int not null, "description" text not null, "quantity" numeric(18,2) not null, "unit_price" numeric(18,2) not null, "quote_id" uuid not null, primary key ("id"))`,
  `create index "quote_line_quote_id_index" on "quote_line" ("quote_id")`,
  `create table "invoice" ("id" uuid not null, "number" text not null, "owner_id" uuid not null, "department_id" uuid null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "created_by_id" uuid not null, "updated_by_id" uuid not null, "version" int not null default 1, "archived_at" timestamptz(3) null, "title" text not null, "status" text not null default 'DRAFT', "customer_id" uuid not null, "contract_id" uuid not null, "due_on" date null, "amount" numeric(18,2) not null, "currency" char(3) not null, "discount_percent" numeric(5,2) not null default '0.00', "note" text null, primary key ("id"))`,
  `alter table "invoice" add constraint "invoice_number_unique" unique ("number")`,
  `create index "invoice_owner_id_index" on "invoice" ("owner_id")`,
  `create index "invoice_department_id_index" on "invoice" ("department_id")`,
  `create index "invoice_customer_id_index" on "invoice" ("customer_id")`,
  `create index "invoice_contract_id_index" on "invoice" ("contract_id")`,
  `create index "invoice_created_at_id_index" on "invoice" ("created_at", "id")`,
  `create table "invoice_line" ("id" uuid not null, "position" int not null, "description" text not null, "quantity" numeric(18,2) not null, "unit_price" numeric(18,2) not null, "invoice_id" uuid not null, primary key ("id"))`,
  `create index "invoice_line_invoice_id_index" on "invoice_line" ("invoice_id")`,
  `create table "approval_standing" ("id" uuid not null, "subject_type" text not null, "subject_id" uuid not null, "purpose" text not null, "request_id" uuid not null, "touched_fields" jsonb not null default '[]', "voided_steps" jsonb not null default '[]', "asked_steps" jsonb not null default '[]', "changed_by_id" uuid null, "changed_at" timestamptz(3) null, primary key ("id"))`,
  `create index "approval_standing_request_id_index" on "approval_standing" ("request_id")`,
  `alter table "approval_standing" add constraint "approval_standing_subject_id_purpose_unique" unique ("subject_id", "purpose")`,
  `alter table "plan" drop constraint "plan_status_check"`,
  `alter table "plan" add constraint "plan_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'AMENDED', 'REJECTED'))`,
  `alter table "contract" drop constraint "contract_status_check"`,
  `alter table "contract" add "note" text null, add "quote_id" uuid null, add "copied_from_id" uuid null`,
  `create index "contract_quote_id_index" on "contract" ("quote_id")`,
  `alter table "contract" add constraint "contract_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'AMENDED', 'REJECTED'))`,
  `alter table "approval_request" drop constraint "approval_request_subject_type_check"`,
  `alter table "approval_request" add "carried_over" jsonb null, add "attachments" jsonb not null default '[]'`,
  `create index approval_request_attachments on approval_request using gin (attachments jsonb_path_ops)`,
  `alter table "approval_request" add constraint "approval_request_subject_type_check" check ("subject_type" in ('CONTRACT', 'PLAN', 'PROJECT', 'DOCUMENT', 'QUOTE', 'INVOICE'))`,
  `alter table "attachment" add constraint "attachment_subject_type_check" check ("subject_type" in ('CONTRACT', 'PLAN', 'PROJECT', 'DOCUMENT', 'QUOTE', 'INVOICE'))`,
  `alter table "quote" add constraint "quote_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'AMENDED', 'REJECTED'))`,
  `alter table "invoice" add constraint "invoice_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'AMENDED', 'REJECTED'))`,
  `alter table "approval_standing" add constraint "approval_standing_subject_type_check" check ("subject_type" in ('CONTRACT', 'PLAN', 'PROJECT', 'DOCUMENT', 'QUOTE', 'INVOICE'))`,
  `alter table "contract" add constraint "contract_quote_id_foreign" foreign key ("quote_id") references "quote" ("id") on update no action on delete no action`,
  `alter table "contract" add constraint "contract_copied_from_id_foreign" foreign key ("copied_from_id") references "contract" ("id") on update no action on delete no action`,
  `alter table "stored_file" add constraint "stored_file_uploaded_by_id_foreign" foreign key ("uploaded_by_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "attachment" add constraint "attachment_file_id_foreign" foreign key ("file_id") references "stored_file" ("id") on update no action on delete no action`,
  `alter table "quote" add constraint "quote_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "quote" add constraint "quote_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "quote" add constraint "quote_customer_id_foreign" foreign key ("customer_id") references "customer" ("id") on update no action on delete no action`,
  `alter table "quote" add constraint "quote_project_id_foreign" foreign key ("project_id") references "project" ("id") on update no action on delete no action`,
  `alter table "quote" add constraint "quote_copied_from_id_foreign" foreign key ("copied_from_id") references "quote" ("id") on update no action on delete no action`,
  `alter table "quote_line" add constraint "quote_line_quote_id_foreign" foreign key ("quote_id") references "quote" ("id") on update no action on delete cascade`,
  `alter table "invoice" add constraint "invoice_owner_id_foreign" foreign key ("owner_id") references "app_user" ("id") on update no action on delete no action`,
  `alter table "invoice" add constraint "invoice_department_id_foreign" foreign key ("department_id") references "department" ("id") on update no action on delete no action`,
  `alter table "invoice" add constraint "invoice_customer_id_foreign" foreign key ("customer_id") references "customer" ("id") on update no action on delete no action`,
  `alter table "invoice" add constraint "invoice_contract_id_foreign" foreign key ("contract_id") references "contract" ("id") on update no action on delete no action`,
  `alter table "invoice_line" add constraint "invoice_line_invoice_id_foreign" foreign key ("invoice_id") references "invoice" ("id") on update no action on delete cascade`,
  `alter table "approval_standing" add constraint "approval_standing_request_id_foreign" foreign key ("request_id") references "approval_request" ("id") on update no action on delete no action`,
  `-- A file never changes: what was approved by its digest is what is downloaded.
create trigger stored_file_unchanged before update on stored_file for each row execute function refuse_change()`,
  `-- What was approved before stands as it was approved.
insert into approval_standing (id, subject_type, subject_id, purpose, request_id)
select gen_random_uuid(), subject_type, subject_id, purpose, id from (
  select distinct on (subject_id, purpose) id, subject_type, subject_id, purpose, status from approval_request
  where subject_type <> 'DOCUMENT' and status in ('APPROVED', 'REJECTED') order by subject_id, purpose, ended_at desc) last
where status = 'APPROVED'`,
  `-- Who may do something with contracts may do it with quotes and invoices; an organisation changes its roles afterwards.
update role set permissions = coalesce((select jsonb_object_agg(new.name, held.value)
  from jsonb_each(permissions) held cross join lateral (values
    ('quote:' || split_part(held.key, ':', 2)), ('invoice:' || split_part(held.key, ':', 2))) new (name)
  where held.key in ('contract:read', 'contract:create', 'contract:update')), '{}') || permissions`,
];

/** Rows of a kind or in a state that came with this one keep it from being undone. */
const DOWN = [
  `drop table attachment, stored_file, approval_standing, invoice_line, invoice`,
  `alter table "contract" drop column "note", drop column "quote_id", drop column "copied_from_id"`,
  `drop table quote_line, quote`,
  `drop index approval_request_attachments`,
  `alter table "approval_request" drop column "carried_over", drop column "attachments"`,
  `alter table "plan" drop constraint "plan_status_check"`,
  `alter table "plan" add constraint "plan_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'REJECTED'))`,
  `alter table "contract" drop constraint "contract_status_check"`,
  `alter table "contract" add constraint "contract_status_check" check ("status" in ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'REJECTED'))`,
  `alter table "approval_request" drop constraint "approval_request_subject_type_check"`,
  `alter table "approval_request" add constraint "approval_request_subject_type_check" check ("subject_type" in ('CONTRACT', 'PLAN', 'PROJECT', 'DOCUMENT'))`,
];
