import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { isRowId } from '../../entities/is-row-id.js';
import { Absence } from '../../entities/organisation/absence.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { managersOf, type Organisation } from '../../workflows/organisation.js';
import { leadsBack } from '../../workflows/substitute-chain.js';
import { once } from '../idempotency.js';
import { check, requireSound } from '../input.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { cancelAbsenceTimers, giveBackTo, handToSubstitutes, scheduleAbsence } from './absence-timers.js';
import { loadOrganisation } from './load-organisation.js';

@InputType({ description: 'A time away, and who stands in.' })
export class SetAbsenceInput {
  @Field(() => ID, {
    nullable: true,
    description:
      'Who is away; you when not given. Others: whom you manage, or anyone with organisation:manage.',
  })
  personId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Who stands in; nobody when not given: turns stay where they are.',
  })
  substituteId?: string | null;

  @Field(() => Instant, { description: 'When it begins; a moment that has passed counts as now.' })
  from!: Date;

  @Field(() => Instant, { description: 'The first moment of being back.' })
  until!: Date;

  @Field(() => [String], { nullable: true, description: 'Only these processes, by key; all when empty.' })
  processKeys?: string[] | null;

  @Field(() => [SubjectType], {
    nullable: true,
    description: 'Only these kinds of subjects; all when empty.',
  })
  subjectTypes?: SubjectType[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'An absence to end.' })
export class EndAbsenceInput {
  @Field(() => ID, { description: 'The absence.' })
  absenceId!: string;
}

/** What setting or ending an absence did. */
export interface AbsenceChange extends Record<string, string> {
  absenceId: string;
  /** Open turns that went to a substitute, or came back, at once; a number as text. */
  moved: string;
}

/** Absences of one person that have not ended: more than anyone plans. */
const PLANNED_MAX = 50;
/** Processes that one absence may name. */
const PROCESSES_MAX = 100;

/**
 * Sets an absence of oneself, of someone one manages, or as an administrator. Turns that are open go to the substitute
 * when it begins, or at once when it has; later ones from the start.
 * @throws BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, PERSON_NOT_ELIGIBLE
 */
export function setAbsence(ctx: Context, input: SetAbsenceInput): Promise<AbsenceChange> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'set-absence', key: idempotencyKey, payload }, () => enter(tx, input)),
  );
}

async function enter(tx: TransactionContext, input: SetAbsenceInput): Promise<AbsenceChange> {
  const actor = requireActor(tx);
  const { organisation } = await loadOrganisation(tx.em);
  const personId = input.personId ? requireId(input.personId, 'person') : actor.id;
  requireMayPlan(tx, organisation, personId);
  // One at a time for a person, so that two absences can't name each other at the same instant.
  await readDb(tx.em).selectFrom('organisation_revision').select('revision').forUpdate().execute();
  const current = (await loadOrganisation(tx.em)).organisation;
  const startsAt = input.from > tx.now ? input.from : tx.now;
  await requireSoundAbsence(tx, current, input, personId, startsAt);
  const id = newRowId();
  const row = {
    id,
    personId,
    substituteId: input.substituteId?.toLowerCase() ?? null,
    startsAt,
    endsAt: input.until,
    processKeys: [...new Set(input.processKeys)],
    subjectTypes: [...new Set(input.subjectTypes)],
    createdById: actor.id,
    createdAt: tx.now,
  };
  await tx.em.insertMany(Absence, [row]);
  await scheduleAbsence(tx, row);
  const { moved } = startsAt > tx.now ? { moved: 0 } : await handToSubstitutes(tx, personId, actor.id);
  return { absenceId: id, moved: String(moved) };
}

/** The person themselves, anyone above them in the line, or an administrator. @throws NOT_FOUND, FORBIDDEN */
function requireMayPlan(tx: TransactionContext, organisation: Organisation, personId: string): void {
  const actor = requireActor(tx);
  if (!organisation.people.get(personId)?.active) throw refusal('NOT_FOUND', { what: 'person' });
  if (personId === actor.id || actor.permissions.has('organisation:manage')) return;
  if (managersOf(organisation, personId).some((manager) => manager.id === actor.id)) return;
  throw refusal('FORBIDDEN', { permission: 'organisation:manage' });
}

async function requireSoundAbsence(
  tx: TransactionContext,
  organisation: Organisation,
  { until, substituteId, processKeys, subjectTypes }: SetAbsenceInput,
  personId: string,
  startsAt: Date,
): Promise<void> {
  const keys = processKeys ?? [];
  const planned = organisation.absences.filter((one) => one.personId === personId && one.until > tx.now);
  requireSound(
    check('until', until > startsAt, 'after the beginning, and not yet over'),
    check('from', planned.length < PLANNED_MAX, `at most ${PLANNED_MAX} absences that have not ended`),
    check('processKeys', keys.length <= PROCESSES_MAX, `at most ${PROCESSES_MAX}`),
    check('subjectTypes', (subjectTypes ?? []).length <= PROCESSES_MAX, `at most ${PROCESSES_MAX}`),
    ...(await unknownProcesses(tx, keys.slice(0, PROCESSES_MAX))),
  );
  if (!substituteId) return;
  const substitute = isRowId(substituteId) ? organisation.people.get(substituteId.toLowerCase()) : undefined;
  if (!substitute?.active)
    throw refusal('PERSON_NOT_ELIGIBLE', {
      person: substitute?.name ?? substituteId,
      reason: 'not an active member of the organisation',
      path: 'substituteId',
    });
  const circle = leadsBack(organisation, personId, substitute.id, { from: startsAt, until });
  requireSound(
    check('substituteId', !circle, 'someone who is not away at that time in favour of the same person'),
  );
}

async function unknownProcesses(tx: TransactionContext, keys: readonly string[]) {
  if (keys.length === 0) return [];
  const rows = await readDb(tx.em)
    .selectFrom('process_version')
    .select('key')
    .distinct()
    .where('key', 'in', keys)
    .execute();
  const known = new Set(rows.map((row) => row.key));
  return keys.map((key, index) => check(`processKeys.${index}`, known.has(key), 'the key of a process'));
}

/**
 * Ends an absence now: what substitutes left untouched comes back. One that has not begun is forgotten.
 * @throws NOT_FOUND, FORBIDDEN, INVALID_STATE when it has ended
 */
export function endAbsence(ctx: Context, input: EndAbsenceInput): Promise<AbsenceChange> {
  return inTransaction(ctx, async (tx) => {
    const actor = requireActor(tx);
    const absenceId = requireId(input.absenceId, 'absence');
    const db = readDb(tx.em);
    const row = await db
      .selectFrom('absence')
      .select(['person_id', 'starts_at', 'ends_at'])
      .where('id', '=', absenceId)
      .forUpdate()
      .executeTakeFirst();
    if (!row) throw refusal('NOT_FOUND', { what: 'absence' });
    const { organisation } = await loadOrganisation(tx.em);
    requireMayPlan(tx, organisation, row.person_id);
    if (new Date(row.ends_at) <= tx.now) throw refusal('INVALID_STATE', { what: 'absence', status: 'ENDED' });
    await cancelAbsenceTimers(tx, absenceId);
    // An empty span covers nothing; the row stays, for whoever asks what was planned.
    const begun = new Date(row.starts_at) < tx.now;
    const endsAt = begun ? tx.now : new Date(row.starts_at);
    await db.updateTable('absence').set({ ends_at: endsAt }).where('id', '=', absenceId).execute();
    const { moved } = await giveBackTo(tx, row.person_id, actor.id);
    return { absenceId, moved: String(moved) };
  });
}
