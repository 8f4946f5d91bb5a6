import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { ProcessStatus } from '../../entities/approvals/process-version.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { digestOf } from '../../workflows/canonical.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import { templateKey } from '../../workflows/message-template.js';
import { parseCalendars, parsePacks, type Pack } from '../../workflows/pack.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import { SUBJECT_TYPES } from '../../workflows/subject-types.js';
import { readPackFolders } from '../approvals/pack-files.js';
import { installSchedules } from '../schedule/install-schedules.js';
import { inTransaction, type TransactionContext } from '../transaction.js';
import { installRoles } from './install-roles.js';
import { DEFAULT_CALENDAR } from './load-organisation.js';

export interface InstalledPacks {
  readonly packs: readonly { readonly key: string; readonly version: number }[];
  /** Process versions published by this call. */
  readonly published: number;
}

/** One at a time over all processes of the product. */
export const INSTALL_LOCK = 7_270_012;

/**
 * Checks every pack under `root` as a whole and brings what is new into the database: all or nothing. Safe to repeat
 * at every start; roles and calendars that exist already are the organisation's own: they are left alone, but for what
 * is new to the product (see installRoles).
 * @throws INVALID_DEFINITION with every finding, or when a published version was changed without a new number
 */
export async function installPacks(ctx: Context, root: string): Promise<InstalledPacks> {
  const { packs, calendars } = await readPacks(root);
  return inTransaction(ctx, async (tx) => {
    await sql`select pg_advisory_xact_lock(${INSTALL_LOCK})`.execute(readDb(tx.em));
    await installCalendars(tx, calendars);
    await installRoles(tx, packs);
    await installTemplates(tx, packs);
    await installGroups(tx, packs);
    await installMessages(tx, packs);
    await installSchedules(tx, packs);
    let published = 0;
    for (const definition of packs.flatMap((pack) => pack.processes))
      published += await publish(tx, definition);
    return { packs: packs.map(({ key, version }) => ({ key, version })), published };
  });
}

/** The packs under a folder. @throws INVALID_DEFINITION */
async function readPacks(root: string): Promise<{ packs: Pack[]; calendars: BusinessCalendar[] }> {
  const files = await readPackFolders(root);
  const { calendars, findings: calendarFindings } = parseCalendars(files.calendars);
  const known = {
    roles: [],
    calendars: calendars.map((calendar) => calendar.key),
    defaultCalendar: DEFAULT_CALENDAR,
  };
  const { packs, findings } = parsePacks(files.folders, SUBJECT_TYPES, known);
  const all = [...calendarFindings, ...findings];
  const [first] = all;
  if (first)
    throw refusal('INVALID_DEFINITION', {
      reason: `${first.file}:${first.line}:${first.column} ${first.message}`,
      findings: all,
    });
  return { packs, calendars };
}

async function installCalendars(
  tx: TransactionContext,
  calendars: readonly BusinessCalendar[],
): Promise<void> {
  if (calendars.length === 0) return;
  await readDb(tx.em)
    .insertInto('business_calendar')
    .values(calendars.map((calendar) => ({ key: calendar.key, definition: JSON.stringify(calendar) })))
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

/** A group comes with its first members, as far as they work here; one that exists is the organisation's own. */
async function installGroups(tx: TransactionContext, packs: readonly Pack[]): Promise<void> {
  const db = readDb(tx.em);
  for (const { key, title, members } of packs.flatMap((pack) => pack.groups)) {
    const made = await db
      .insertInto('approval_group')
      .values({ key, title_en: title.en, title_zh: title.zh ?? title.en })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .returning('key')
      .executeTakeFirst();
    if (!made || members.length === 0) continue;
    const people = await db.selectFrom('app_user').select('id').where('email', 'in', members).execute();
    const rows = people.map(({ id }) => ({ id: newRowId(), group_key: key, person_id: id }));
    if (rows.length > 0) await db.insertInto('approval_group_member').values(rows).execute();
  }
}

/** The words of messages are the packs': what no pack says any more is gone. */
async function installMessages(tx: TransactionContext, packs: readonly Pack[]): Promise<void> {
  const db = readDb(tx.em);
  const templates = new Map(
    packs.flatMap((pack) => pack.messages).map((template) => [templateKey(template), template]),
  );
  await db.deleteFrom('message_template').execute();
  if (templates.size === 0) return;
  await db
    .insertInto('message_template')
    .values([...templates].map(([key, template]) => ({ key, definition: JSON.stringify(template) })))
    .execute();
}

async function installTemplates(tx: TransactionContext, packs: readonly Pack[]): Promise<void> {
  const db = readDb(tx.em);
  for (const template of packs.flatMap((pack) => pack.projectTemplates)) {
    await db
      .insertInto('project_template')
      .values({
        id: newRowId(),
        key: template.key,
        version: template.version,
        definition: JSON.stringify(template),
      })
      .onConflict((conflict) => conflict.columns(['key', 'version']).doNothing())
      .execute();
  }
  for (const table of ['plan_template', 'form_template', 'payment_ladder'] as const) {
    const rows = packs.flatMap((pack) =>
      table === 'plan_template'
        ? pack.planTemplates.map((template) => ({
            key: template.key,
            version: template.version,
            definition: JSON.stringify(template),
          }))
        : pack[table === 'form_template' ? 'forms' : 'paymentLadders'].map((one) => ({
            key: one.key,
            version: pack.version,
            definition: JSON.stringify(one),
          })),
    );
    if (rows.length === 0) continue;
    await db
      .insertInto(table)
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .column('key')
          .doUpdateSet({ version: sql`excluded.version`, definition: sql`excluded.definition` })
          .where(sql<boolean>`${sql.ref(`${table}.version`)} < excluded.version`),
      )
      .execute();
  }
}

/**
 * Whether a pack says of a process what it said when that was published. Which fields a kind of subject has is the
 * product's to say: a newer one knows more of them, and the version keeps those that it was published with.
 */
const sameWords = (published: unknown, { fieldTypes: _now, ...words }: ProcessDefinition): boolean => {
  const { fieldTypes: _then, ...before } = published as ProcessDefinition;
  return digestOf(before) === digestOf(words);
};

/** Publishes a version that is not there yet and retires the ones before it; answers how many it published. */
export async function publish(tx: TransactionContext, definition: ProcessDefinition): Promise<number> {
  const db = readDb(tx.em);
  const { key, version, subjectType, purpose, priority } = definition;
  const digest = digestOf(definition);
  const known = await db
    .selectFrom('process_version')
    .select(['digest', 'definition'])
    .where('key', '=', key)
    .where('version', '=', version)
    .executeTakeFirst();
  if (known && known.digest !== digest && !sameWords(known.definition, definition)) {
    throw refusal('INVALID_DEFINITION', {
      reason: `process ${key} version ${version} was published with other content; give the change a new version`,
    });
  }
  if (known) return 0;
  await db
    .updateTable('process_version')
    .set({ status: ProcessStatus.RETIRED })
    .where('key', '=', key)
    .where('version', '<', version)
    .where('status', '=', ProcessStatus.PUBLISHED)
    .execute();
  await db
    .insertInto('process_version')
    .values({
      id: newRowId(),
      key,
      version,
      subject_type: subjectType,
      purpose,
      priority,
      status: ProcessStatus.PUBLISHED,
      definition: JSON.stringify(definition),
      digest,
      published_at: tx.now,
    })
    .execute();
  return 1;
}
