import { readDb } from '../../src/entities/read-db.js';
import type { TestApp } from './test-app.js';

// What has come of a played year, from the tables, in the words of the expected log.

interface KnownFollowUp {
  readonly id: string;
  readonly version: number;
  readonly rule: string;
  readonly about: string;
  readonly due: string | null;
  readonly open: boolean;
}

const isoOf = (at: unknown): string => new Date(at as string).toISOString();

export async function readFollowUps(app: TestApp): Promise<KnownFollowUp[]> {
  const rows = await readDb(app.app.orm.em.fork())
    .selectFrom('follow_up as f')
    .leftJoin('recurring_rule as rule', 'rule.id', 'f.rule_id')
    .leftJoin('app_user as person', 'person.id', 'f.person_id')
    .leftJoin('department as place', 'place.id', 'f.role_department_id')
    .leftJoin('customer', 'customer.id', 'f.subject_id')
    .leftJoin('project', 'project.id', 'f.subject_id')
    .leftJoin('contract', 'contract.id', 'f.subject_id')
    .select(['f.id', 'f.version', 'f.title_en', 'f.status', 'f.due_at', 'f.role_key', 'rule.key as rule'])
    .select([
      'person.email',
      'place.key as place',
      'customer.name',
      'project.title as project',
      'contract.title',
    ])
    .execute();
  return rows.map((row) => ({
    id: row.id,
    version: row.version,
    rule: row.rule ?? row.title_en,
    about: row.name ?? row.project ?? row.title ?? row.email?.split('@')[0] ?? `${row.role_key}@${row.place}`,
    due: row.due_at && isoOf(row.due_at),
    open: row.status === 'OPEN',
  }));
}

const FACTS = ['STEP_OPENED', 'REMINDED', 'ESCALATED', 'DECIDED', 'ENDED'];

/** Everything made, told, climbed, done and decided, in the words of the expected log. */
export async function logOfYear(app: TestApp): Promise<string[]> {
  const db = readDb(app.app.orm.em.fork());
  const people = new Map(
    (await db.selectFrom('app_user').select(['id', 'email']).execute()).map(({ id, email }) => [
      id,
      email.split('@')[0]!,
    ]),
  );
  const namesOf = (ids: readonly string[]): string => {
    const names = ids.map((id) => String(people.get(id)));
    return names.toSorted((a, b) => (a < b ? -1 : 1)).join();
  };
  const followUps = new Map((await readFollowUps(app)).map((one) => [one.id, one]));
  const titles = new Map<string, string>();
  for (const table of ['approval_request', 'plan', 'project', 'contract'] as const)
    for (const { id, title } of await db.selectFrom(table).select(['id', 'title']).execute())
      titles.set(id, title);
  for (const { id, key } of await db.selectFrom('recurring_rule').select(['id', 'key']).execute())
    titles.set(id, key);

  const receipts = new Map(
    (
      await db
        .selectFrom('receipt')
        .innerJoin('payment_term as term', 'term.id', 'receipt.term_id')
        .innerJoin('contract', 'contract.id', 'term.contract_id')
        .select(['receipt.id', 'contract.title'])
        .execute()
    ).map(({ id, title }) => [id, title]),
  );

  const lines: string[] = [];
  const log = (at: unknown, ...parts: unknown[]): void => void lines.push([isoOf(at), ...parts].join(' | '));

  for (const { follow_up_id, type, at, details } of await db
    .selectFrom('follow_up_event')
    .selectAll()
    .execute()) {
    const { rule, about, due } = followUps.get(follow_up_id)!;
    const said = details as Record<string, unknown>;
    const last = (text: unknown): string => (text ? isoOf(text) : '');
    if (type === 'CREATED') log(at, type, rule, about, last(said['dueAt']));
    else if (type === 'MOVED') log(at, type, rule, about, last(said['to']));
    else if (type === 'COMPLETED') log(at, type, rule, about, due, said['outcomeKind']);
    else if (type === 'HANDED_OVER')
      log(at, type, rule, about, people.get((said['to'] as { personId: string }).personId));
    else if (type === 'REMINDED' || type === 'ESCALATED')
      log(at, type, rule, about, said['rung'], namesOf(said['people'] as string[]));
    else log(at, type, rule, about);
  }

  const keyOf = (key: string): string => {
    const [first, id, ...rest] = key.split('/') as [string, string, ...string[]];
    if (first === 'follow-up') {
      const { rule, about } = followUps.get(id)!;
      return `${rule} ${about} ${rest[1] === 'violation' ? 'violation' : rest.join('/')}`;
    }
    if (first === 'recurring-rule')
      return [titles.get(id), people.get(rest.at(-1)!)].filter(Boolean).join(' ');
    if (first === 'schedule') return 'packs';
    // Their cycles count what happened between; when they come is what matters.
    if (first === 'stage') return `${titles.get(id)} ${rest[0]}/${rest[2]}/${rest[3]}`;
    if (first === 'payment') return `${titles.get(id)} ${rest[2]}/${rest[3]}`;
    if (first === 'receipt') return String(receipts.get(id));
    const title = titles.get(first);
    return rest.length === 2 ? `${title} ${id}/${rest.join('/')}` : String(title);
  };
  for (const row of await db.selectFrom('notification').selectAll().execute())
    log(
      row.created_at,
      'notice',
      row.kind,
      keyOf(row.message_key),
      people.get(row.person_id),
      row.kind === 'SCHEDULE' ? row.text_en : '',
    );
  for (const row of await db.selectFrom('outbox_message').selectAll().where('channel', '=', 'mail').execute())
    log(row.created_at, 'digest', people.get(row.receiver!));
  const absences = await db
    .selectFrom('timer')
    .innerJoin('absence', 'absence.id', 'timer.subject_id')
    .select(['timer.kind', 'timer.fired_at', 'absence.person_id'])
    .where('timer.state', '=', 'FIRED')
    .execute();
  for (const { kind, fired_at, person_id } of absences) log(fired_at, kind, people.get(person_id));
  const facts = await db
    .selectFrom('approval_event')
    .select(['type', 'at', 'request_id', 'canonical', 'actor_id'])
    .where('type', 'in', FACTS)
    .execute();
  for (const { type, at, request_id, canonical, actor_id } of facts) {
    const { step } = JSON.parse(canonical) as { step?: string };
    const parts = [titles.get(request_id), step, type === 'DECIDED' ? people.get(actor_id!) : undefined];
    log(at, 'fact', type, ...parts.filter((part) => part !== undefined));
  }
  return lines.toSorted();
}
