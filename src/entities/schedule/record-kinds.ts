import type { EntityManager } from '@mikro-orm/postgresql';
import { sql, type RawBuilder } from 'kysely';
import { registerEnumType } from 'type-graphql';
import type { Actor } from '../../context.js';
import { readDb, visible } from '../read-db.js';

export enum RecordKind {
  CUSTOMER = 'CUSTOMER',
  CONTACT = 'CONTACT',
  PROJECT = 'PROJECT',
  STAGE = 'STAGE',
  PLAN = 'PLAN',
  CONTRACT = 'CONTRACT',
  QUOTE = 'QUOTE',
  INVOICE = 'INVOICE',
  DOCUMENT = 'DOCUMENT',
  REQUEST = 'REQUEST',
}
registerEnumType(RecordKind, {
  name: 'RecordKind',
  description: 'What something can be followed up on.',
  valuesConfig: {
    CUSTOMER: { description: 'A customer.' },
    CONTACT: { description: 'A person at a customer.' },
    PROJECT: { description: 'A project.' },
    STAGE: { description: 'A stage of a project.' },
    PLAN: { description: 'A plan.' },
    CONTRACT: { description: 'A contract.' },
    QUOTE: { description: 'A quote.' },
    INVOICE: { description: 'An invoice.' },
    DOCUMENT: { description: 'A document.' },
    REQUEST: { description: 'An approval request.' },
  },
});

interface KindOfRecord {
  /** The row itself as `record`, and the row whose owner, department and scope hold for it as `home`. */
  readonly from: string;
  /** What it is called, as SQL over `record` and `home`. */
  readonly title: string;
  readonly permission: string;
  /** The record that its events belong to: what moves there may move what hangs on it. */
  readonly home: RecordKind | null;
}

/** The registry: how each kind of record is found, and who may see it. A new kind is one row, and its events in
 *  commands/schedule/record-anchors.ts. */
const RECORD_KINDS: Readonly<Record<RecordKind, KindOfRecord>> = {
  CUSTOMER: own('customer', 'record.name', 'customer:read'),
  CONTACT: {
    from: 'contact record join customer home on home.id = record.customer_id',
    title: "home.name || ' · ' || record.name",
    permission: 'customer:read',
    home: RecordKind.CUSTOMER,
  },
  PROJECT: own('project', 'record.title', 'project:read'),
  STAGE: {
    from: 'project_stage record join project home on home.id = record.project_id',
    title: "home.title || ' · ' || record.title_en",
    permission: 'project:read',
    home: RecordKind.PROJECT,
  },
  PLAN: own('plan', 'record.title', 'plan:read'),
  CONTRACT: own('contract', 'record.title', 'contract:read'),
  QUOTE: own('quote', 'record.title', 'quote:read'),
  INVOICE: own('invoice', 'record.title', 'invoice:read'),
  DOCUMENT: own('document', 'record.title', 'document:read'),
  REQUEST: own('approval_request', 'record.title', 'request:read'),
};

function own(table: string, title: string, permission: string): KindOfRecord {
  return { from: `${table} record join ${table} home on home.id = record.id`, title, permission, home: null };
}

export const homeKindOf = (kind: RecordKind): RecordKind => RECORD_KINDS[kind].home ?? kind;

export interface RecordRow {
  readonly id: string;
  /** The record itself, or the one it is part of. */
  readonly homeId: string;
  readonly title: string;
  readonly ownerId: string;
  readonly departmentId: string | null;
}

/** The rows of a kind by id. `actor` null: every row exists; else those that the person may read. */
export async function readRecords(
  em: EntityManager,
  kind: RecordKind,
  ids: readonly string[],
  actor: Actor | null,
): Promise<RecordRow[]> {
  if (ids.length === 0) return [];
  const { from, title, permission } = RECORD_KINDS[kind];
  const seen: RawBuilder<boolean> = actor === null ? sql<boolean>`true` : visible(actor, permission, 'home');
  const { rows } = await sql<RecordRow>`
    select record.id, home.id as "homeId", ${sql.raw(title)} as title, home.owner_id as "ownerId",
      home.department_id as "departmentId"
    from ${sql.raw(from)} where record.id in (${sql.join(ids)}) and ${seen}`.execute(readDb(em));
  return rows;
}

/** The parts of a record that can be followed up on by themselves: contacts of a customer, stages of a project. */
export async function partsOf(em: EntityManager, kind: RecordKind, id: string): Promise<string[]> {
  const table = { CUSTOMER: ['contact', 'customer_id'], PROJECT: ['project_stage', 'project_id'] }[
    kind as string
  ];
  if (!table) return [];
  const { rows } = await sql<{ id: string }>`select id from ${sql.table(table[0]!)}
    where ${sql.ref(table[1]!)} = ${id}`.execute(readDb(em));
  return rows.map((row) => row.id);
}
