import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { isRowId } from '../../entities/is-row-id.js';
import { newRowId } from '../../entities/row-id.js';
import { homeKindOf, readRecords, RecordKind } from '../../entities/schedule/record-kinds.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { RECORD_EVENTS_MAX } from '../../limits.js';
import { calendarOfDepartment } from '../../workflows/organisation.js';
import { check, requireSound } from '../input.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { stageActivity } from '../projects/stage-activity.js';
import { inTransaction, requireActor } from '../transaction.js';
import { anchorsMoved } from './anchors-moved.js';
import { readFacts } from './record-anchors.js';

@InputType({ description: 'When an event of a record is or was.' })
export class SetRecordEventInput {
  @Field(() => RecordKind, { description: 'What kind of record.' })
  subjectType!: RecordKind;

  @Field(() => ID, { description: 'The record; one that you may see.' })
  subjectId!: string;

  @Field(() => String, {
    description: 'Its name, as rules write it, such as `positioning-meeting`; at most 60 characters.',
  })
  event!: string;

  @Field(() => Instant, { nullable: true, description: 'When it is or was; null: not known.' })
  at?: Date | null;
}

@ObjectType({ description: 'An event that rules may hang on, and when it is or was.' })
export class KnownEvent {
  @Field(() => String, { description: 'Its name, as rules write it.' })
  name!: string;

  @Field(() => Instant, { nullable: true, description: 'When it is or was; null: not known yet.' })
  at!: Date | null;
}

/** The events of a record by name. @throws NOT_FOUND */
export async function recordEvents(ctx: Context, kind: RecordKind, id: string): Promise<KnownEvent[]> {
  const actor = requireActor(ctx);
  const [row] = isRowId(id) ? await readRecords(ctx.em, kind, [id.toLowerCase()], actor) : [];
  if (!row) throw refusal('NOT_FOUND', { what: 'subject' });
  const { organisation, calendarOf } = await loadOrganisation(ctx.em);
  const calendar = calendarOf(calendarOfDepartment(organisation, row.departmentId));
  const { anchors } = await readFacts(ctx.em, { ...row, kind }, calendar);
  return Object.entries(anchors)
    .map(([name, at]) => ({ name, at: at ?? null }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Says when a meeting, milestone or other event of a record is; what hangs on it moves in the same transaction.
 * @throws NOT_FOUND, BAD_USER_INPUT
 */
export function setRecordEvent(ctx: Context, input: SetRecordEventInput): Promise<KnownEvent[]> {
  const actor = requireActor(ctx);
  const { subjectType: kind, event } = input;
  requireSound(
    check(
      'event',
      /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(event) && event.length <= 60 && event !== 'now',
      'kebab-case',
    ),
  );
  return inTransaction(ctx, async (tx) => {
    const [row] = isRowId(input.subjectId)
      ? await readRecords(tx.em, kind, [input.subjectId.toLowerCase()], actor)
      : [];
    if (!row) throw refusal('NOT_FOUND', { what: 'subject' });
    const db = readDb(tx.em);
    const known = await db
      .selectFrom('record_event')
      .select('name')
      .where('subject_id', '=', row.id)
      .execute();
    const isNew = !known.some(({ name }) => name === event);
    requireSound(
      check(
        'event',
        !isNew || known.length < RECORD_EVENTS_MAX,
        `at most ${RECORD_EVENTS_MAX} of one record`,
      ),
    );
    const set = { at: input.at ?? null, set_by_id: actor.id, set_at: tx.now };
    await db
      .insertInto('record_event')
      .values({ id: newRowId(), subject_type: kind, subject_id: row.id, name: event, ...set })
      .onConflict((conflict) => conflict.columns(['subject_id', 'name']).doUpdateSet(set))
      .execute();
    // The project's lock comes before those of what hangs on it.
    const home = homeKindOf(kind);
    if (home === RecordKind.PROJECT) await stageActivity(tx, { projectId: row.homeId });
    if (home === RecordKind.DOCUMENT) await stageActivity(tx, { documentId: row.homeId });
    await anchorsMoved(tx, { kind, id: row.id });
    return recordEvents(tx, kind, row.id);
  });
}
