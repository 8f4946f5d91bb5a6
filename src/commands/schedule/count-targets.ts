import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { isRowId } from '../../entities/is-row-id.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import { holdersByDepartment } from '../../workflows/follow-up-people.js';
import { managersOf } from '../../workflows/organisation.js';
import { occurrenceOf } from '../../workflows/schedule-rule.js';
import type { ScheduleDefinition } from '../../workflows/schedule-file.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { requireActor } from '../transaction.js';

/** How far a person has come with a target of the period that holds now. */
@ObjectType({ description: 'How far a person has come with a target in the present period.' })
export class TargetProgress {
  @Field(() => ID, { description: 'Key of the rule that sets the target.' })
  key!: string;

  titleEn!: string;
  titleZh!: string;

  @Field(() => Int, { description: 'How many there should be.' })
  target!: number;

  @Field(() => Int, { description: 'How many there are.' })
  done!: number;

  @Field(() => Instant, { description: 'When the period began.' })
  from!: Date;

  @Field(() => Instant, { description: 'When it ends; exclusive.' })
  until!: Date;
}

/** What a person has done towards a target in the period that holds `at`. */
export async function countsIn(
  em: EntityManager,
  { counts, rule }: ScheduleDefinition,
  personId: string,
  at: Date,
  calendar: BusinessCalendar,
): Promise<{ done: number; target: number; from: Date; until: Date }> {
  const period = occurrenceOf(rule, { now: at }, calendar);
  if (period.status !== 'period' || counts === null) throw new Error('only a target is counted');
  const { from, until, target } = period;
  const kinds = counts.kinds.length > 0 ? counts.kinds : ['CALL', 'VISIT', 'MEETING', 'MESSAGE'];
  const done =
    counts.what === 'new-customers'
      ? sql<{ done: number }>`select count(*)::int as done from customer
          where created_by_id = ${personId} and created_at >= ${from} and created_at < ${until}`
      : sql<{ done: number }>`select count(*)::int as done from follow_up
          where status = 'DONE' and done_by_id = ${personId} and outcome_kind in ('SUCCEEDED', 'DECLINED')
          and kind in (${sql.join(kinds)}) and done_at >= ${from} and done_at < ${until}`;
  const { rows } = await done.execute(readDb(em));
  return { done: rows[0]?.done ?? 0, target, from, until };
}

/**
 * The targets of a person in the present periods: one's own, those of the people one leads, or everyone's with
 * `followup:read` for all. @throws NOT_FOUND
 */
export async function targetsOf(ctx: Context, given: string | null | undefined): Promise<TargetProgress[]> {
  const actor = requireActor(ctx);
  const { organisation, calendarOf } = await loadOrganisation(ctx.em);
  const personId = given?.toLowerCase() ?? actor.id;
  const known = isRowId(personId) && organisation.people.has(personId);
  const leads = managersOf(organisation, personId).some(({ id }) => id === actor.id);
  if (!known || !(personId === actor.id || leads || actor.permissions.get('followup:read') === 'all'))
    throw refusal('NOT_FOUND', { what: 'person' });
  const rules = await readDb(ctx.em)
    .selectFrom('recurring_rule')
    .select(['key', 'definition', 'title_en', 'title_zh'])
    .where('status', '=', 'ACTIVE')
    .orderBy('key')
    .execute();
  const progress: TargetProgress[] = [];
  for (const { key, definition, title_en, title_zh } of rules) {
    const stored = definition as unknown as ScheduleDefinition;
    const { counts, calendar } = stored;
    const holds = (role: string): boolean =>
      holdersByDepartment(organisation, role, ctx.now).some((holder) => holder.personId === personId);
    if (counts === null || stored.rule.kind !== 'count-per-period' || !holds(counts.role)) continue;
    const found = await countsIn(ctx.em, stored, personId, ctx.now, calendarOf(calendar));
    progress.push({ key, titleEn: title_en, titleZh: title_zh, ...found });
  }
  return progress;
}
