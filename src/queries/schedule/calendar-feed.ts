import { sql, type RawBuilder } from 'kysely';
import ical, { ICalCalendarMethod } from 'ical-generator';
import type { Context } from '../../context.js';
import { turnOf } from '../../entities/schedule/follow-up-scope.js';
import { readDb } from '../../entities/read-db.js';
import { CALENDAR_FEED_MAX } from '../../limits.js';

interface Row {
  /** What it is, and the id of its row: the same event at every reading. */
  readonly kind: string;
  readonly id: string;
  /** An instant, or null for a whole day. */
  readonly at: string | null;
  readonly day: string | null;
  readonly title: string;
  readonly about: string;
}

/** Each source answers rows of the shape above, for one person in one language. */
type Source = (personId: string, chinese: boolean, now: Date) => RawBuilder<Row>;

const SOURCES: readonly Source[] = [
  (person, chinese) => sql`
    select 'assignment' as kind, assignment.id, assignment.due_at as at, null::date as day,
      request.title || ': ' || ${chinese ? sql`step.title_zh` : sql`step.title_en`} as title, request.number as about
    from approval_assignment assignment
      join approval_request request on request.id = assignment.request_id
      join approval_step step on step.request_id = request.id and step.round = assignment.round
        and step.key = assignment.step_key and step.attempt = assignment.attempt
    where assignment.person_id = ${person} and assignment.status = 'OPEN' and assignment.due_at is not null
      and request.status = 'PENDING'`,
  (person, chinese) => sql`
    select 'milestone', milestone.id, milestone.due_at, null,
      plan.title || ': ' || ${chinese ? sql`milestone.title_zh` : sql`milestone.title_en`}, plan.number
    from plan_milestone milestone join plan on plan.id = milestone.plan_id
    where plan.owner_id = ${person} and plan.archived_at is null and milestone.status <> 'DONE'
      and milestone.due_at is not null`,
  (person) => sql`
    select 'payment', term.id, null, term.due_on,
      contract.title || ': ' || term.title || ' ' || term.amount || ' ' || contract.currency, contract.number
    from payment_term term join contract on contract.id = term.contract_id
    where contract.owner_id = ${person} and contract.archived_at is null and contract.status = 'APPROVED'
      and term.due_on is not null`,
  (person, chinese, now) => sql`
    select 'follow-up', follow_up.id, follow_up.due_at, null,
      ${chinese ? sql`follow_up.title_zh` : sql`follow_up.title_en`}, coalesce(follow_up.note, '')
    from follow_up
    where follow_up.status = 'OPEN' and follow_up.due_at is not null and ${turnOf(person, now)}`,
];

const NAMES = { en: 'Countersign', zh: 'Countersign 待办' } as const;

/**
 * What is due for a person, as iCalendar (RFC 5545): open assignments, milestones of their plans, payments of their
 * contracts, follow-ups whose turn is theirs. One statement; the soonest first, bounded. The same state gives the same text, so that a reader who has it
 * already is told so.
 */
export async function calendarFeed(
  ctx: Context,
  { personId, language }: { readonly personId: string; readonly language: 'en' | 'zh' },
): Promise<string> {
  const parts = SOURCES.map((source) => source(personId, language === 'zh', ctx.now));
  const { rows } = await sql<Row>`
    select kind, id, at, day::text, title, about from (${sql.join(parts, sql` union all `)}) due
    order by coalesce(at, day::timestamptz), id limit ${CALENDAR_FEED_MAX}`.execute(readDb(ctx.em));
  const calendar = ical({
    name: NAMES[language],
    method: ICalCalendarMethod.PUBLISH,
    prodId: { company: 'Countersign', product: 'Countersign' },
    ttl: 3600,
  });
  for (const { kind, id, at, day, title, about } of rows) {
    const start = new Date(at ?? `${day}T00:00:00Z`);
    calendar.createEvent({
      id: `${kind}-${id}@countersign`,
      stamp: start,
      start,
      allDay: at === null,
      summary: title,
      description: about,
    });
  }
  return calendar.toString();
}
