import type { EntityManager } from '@mikro-orm/postgresql';
import { sql, type RawBuilder } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import { boundsOf, parsePeriod } from '../../workflows/plan-cycle.js';
import { DAY, instantOf } from '../../workflows/duration.js';
import type { Anchors } from '../../workflows/schedule-rule.js';

/** What rules read of a record: when its events were or will be, and the fields that `where` may name. */
export interface RecordFacts {
  readonly anchors: Anchors;
  readonly fields: Readonly<Record<string, string | null>>;
}

/** Events come as `{name: instant}`; days as `{name: YYYY-MM-DD}`, by their first or last moment. */
interface Row {
  readonly fields: Record<string, string | null>;
  readonly at: Record<string, string | null>;
  readonly begins?: Record<string, string | null>;
  readonly ends?: Record<string, string | null>;
  readonly period?: { kind: string; text: string };
}

/** A contact that came about: someone was reached, whatever they said. */
const CONTACTED = sql`f.status = 'DONE' and f.kind in ('CALL', 'VISIT', 'MEETING', 'MESSAGE')
  and f.outcome_kind in ('SUCCEEDED', 'DECLINED')`;

/** Without any contact, a customer's last contact is its registration. */
const QUERIES: Readonly<Record<RecordKind, (id: string) => RawBuilder<Row>>> = {
  CUSTOMER: (id) => sql`select json_build_object('level', c.level, 'status', c.status) as fields,
      json_build_object('created', c.created_at, 'last-contact', coalesce((select max(f.done_at) from follow_up f
        where (f.subject_id = c.id or f.subject_id in (select id from contact where customer_id = c.id)) and ${CONTACTED}),
        c.created_at)) as at
    from customer c where c.id = ${id}`,
  CONTACT: (id) => sql`select json_build_object('level', c.level, 'status', c.status) as fields,
      json_build_object('created', c.created_at, 'last-contact', coalesce((select max(f.done_at) from follow_up f
        where f.subject_id = p.id and ${CONTACTED}), c.created_at)) as at
    from contact p join customer c on c.id = p.customer_id where p.id = ${id}`,
  PROJECT: (id) => sql`select json_build_object('status', p.status, 'template', t.key) as fields,
      (select json_build_object('created', p.created_at, 'last-activity', p.updated_at, 'completed',
        case when p.status = 'COMPLETED' then (select max(closed_at) from project_stage where project_id = p.id) end)::jsonb
        || coalesce(jsonb_object_agg(s.key || '-opened', s.started_at) || jsonb_object_agg(s.key || '-closed', s.closed_at), '{}')
        from project_stage s where s.project_id = p.id) as at
    from project p join project_template t on t.id = p.template_id where p.id = ${id}`,
  STAGE: (
    id,
  ) => sql`select json_build_object('status', s.status, 'stage', s.key, 'template', t.key) as fields,
      json_build_object('opened', s.started_at, 'closed', s.closed_at, 'created', p.created_at,
        'last-activity', p.updated_at) as at
    from project_stage s join project p on p.id = s.project_id join project_template t on t.id = p.template_id
    where s.id = ${id}`,
  PLAN: (
    id,
  ) => sql`select json_build_object('status', p.status, 'kind', p.kind, 'template', p.template_key) as fields,
      json_build_object('kind', p.kind, 'text', p.period) as period,
      (select json_build_object('created', p.created_at, 'approved', (select max(r.ended_at) from approval_request r
          where r.subject_id = p.id and r.status = 'APPROVED'))::jsonb
        || coalesce(jsonb_object_agg(m.key, coalesce(m.due_at, m.done_at)) || jsonb_object_agg(m.key || '-done', m.done_at), '{}')
        from plan_milestone m where m.plan_id = p.id) as at
    from plan p where p.id = ${id}`,
  CONTRACT: (id) => sql`select json_build_object('status', c.status, 'kind', c.kind) as fields,
      json_build_object('starts', c.starts_on) as begins,
      (select json_build_object('ends', c.ends_on)::jsonb
        || coalesce(jsonb_object_agg('payment-' || t.position, t.due_on), '{}')
        from payment_term t where t.contract_id = c.id) as ends,
      json_build_object('created', c.created_at, 'approved', (select max(r.ended_at) from approval_request r
        where r.subject_id = c.id and r.status = 'APPROVED')) as at
    from contract c where c.id = ${id}`,
  QUOTE: (id) => sql`select json_build_object('status', q.status) as fields,
      json_build_object('valid-until', q.valid_until) as ends,
      json_build_object('created', q.created_at, 'approved', (select max(r.ended_at) from approval_request r
        where r.subject_id = q.id and r.status = 'APPROVED')) as at
    from quote q where q.id = ${id}`,
  INVOICE: (id) => sql`select json_build_object('status', i.status) as fields,
      json_build_object('due', i.due_on) as ends,
      json_build_object('created', i.created_at, 'approved', (select max(r.ended_at) from approval_request r
        where r.subject_id = i.id and r.status = 'APPROVED')) as at
    from invoice i where i.id = ${id}`,
  DOCUMENT: (id) => sql`select json_build_object('status', d.status, 'form', d.form_key) as fields,
      json_build_object('created', d.created_at, 'effective', d.effective_at) as at
    from document d where d.id = ${id}`,
  REQUEST: (id) => sql`select json_build_object('status', r.status) as fields,
      json_build_object('submitted', r.submitted_at, 'ended', r.ended_at, 'expires', r.expires_at) as at
    from approval_request r where r.id = ${id}`,
};

/** The events of a record as the tables have them now, and those that people have set; these come last and win. */
export async function readFacts(
  em: EntityManager,
  record: { readonly kind: RecordKind; readonly id: string; readonly homeId: string },
  calendar: BusinessCalendar,
): Promise<RecordFacts> {
  const db = readDb(em);
  const { rows } = await QUERIES[record.kind](record.id).execute(db);
  const set = await db
    .selectFrom('record_event')
    .select(['name', 'at', 'subject_id'])
    .where('subject_id', 'in', [record.id, record.homeId])
    .orderBy(sql`subject_id = ${record.id}`)
    .execute();
  const row = rows[0];
  const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);
  const anchors: Record<string, Date | null> = {};
  for (const [name, at] of Object.entries(row?.at ?? {})) anchors[name] = at === null ? null : new Date(at);
  for (const [name, on] of Object.entries(row?.begins ?? {}))
    anchors[name] = on === null ? null : new Date(instantOf(calendar.timeZone, day(on)));
  for (const [name, on] of Object.entries(row?.ends ?? {}))
    anchors[name] = on === null ? null : new Date(instantOf(calendar.timeZone, day(on) + DAY) - 1);
  if (row?.period) {
    const { from, to } = boundsOf(parsePeriod(row.period.kind, row.period.text), calendar);
    Object.assign(anchors, { 'period-start': from, 'period-end': to });
  }
  for (const { name, at } of set) anchors[name] = at === null ? null : new Date(at);
  return { anchors, fields: row?.fields ?? {} };
}
