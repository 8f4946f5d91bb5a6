import { Field, ID, InputType } from 'type-graphql';
import { sql } from 'kysely';
import type { Actor, Context } from '../../context.js';
import type { Absence } from '../../entities/organisation/absence.js';
import { readDb } from '../../entities/read-db.js';
import { Instant } from '../../entities/scalars.js';
import { refersTo } from '../filters.js';

@InputType({ description: 'Which absences; all conditions hold together.' })
export class AbsenceFilter {
  @Field(() => ID, { nullable: true, description: 'Of this person.' })
  personId?: string | null;

  @Field(() => Instant, { nullable: true, description: 'Not over by this moment; now when not given.' })
  endsAfter?: Date | null;
}

const COLUMNS = [
  'absence.id',
  'absence.person_id as personId',
  'absence.substitute_id as substituteId',
  'absence.starts_at as startsAt',
  'absence.ends_at as endsAt',
  'absence.process_keys as processKeys',
  'absence.subject_types as subjectTypes',
] as const;

/**
 * Absences, soonest first, at most 500: those of oneself, those in which one stands in, those of the people below; all
 * of them for who may read the organisation.
 */
export async function absences(ctx: Context, filter: AbsenceFilter): Promise<Absence[]> {
  const actor = ctx.actor as Actor;
  let rows = readDb(ctx.em)
    .selectFrom('absence')
    .select(COLUMNS)
    .where(refersTo('absence.person_id', filter.personId, 'filter.personId'))
    .where('absence.ends_at', '>', (filter.endsAfter ?? ctx.now) as never)
    .where(sql<boolean>`absence.ends_at > absence.starts_at`);
  if (!actor.permissions.has('organisation:read')) {
    rows = rows.where(sql<boolean>`(absence.person_id = ${actor.id} or absence.substitute_id = ${actor.id}
      or absence.person_id in (with recursive below as (
        select id from app_user where manager_id = ${actor.id}
        union select u.id from app_user u join below b on u.manager_id = b.id) select id from below))`);
  }
  const found = await rows.orderBy('absence.starts_at').orderBy('absence.id').limit(500).execute();
  return found.map(toAbsence);
}

/** The absence that a command has just changed. */
export async function absenceAfter(ctx: Context, id: string): Promise<Absence> {
  const row = await readDb(ctx.em)
    .selectFrom('absence')
    .select(COLUMNS)
    .where('absence.id', '=', id)
    .executeTakeFirstOrThrow();
  return toAbsence(row);
}

const toAbsence = (row: { startsAt: string; endsAt: string }): Absence =>
  ({ ...row, startsAt: new Date(row.startsAt), endsAt: new Date(row.endsAt) }) as unknown as Absence;
