import { sql } from 'kysely';
import { readFactRows, valueIn } from '../../entities/approvals/fact-rows.js';
import { readRequests } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { SYSTEM, type Command } from '../../workflows/request.js';
import { unsealFact } from '../../workflows/seal.js';
import type { CalendarChange } from '../../workflows/verb-facts.js';
import type { CalendarScope } from '../organisation/calendar-scope.js';
import type { TransactionContext } from '../transaction.js';
import { applyCommand } from './apply-command.js';
import { decideOnMany, saveMany } from './apply-to-many.js';

type Reckon = Extract<Command, { type: 'reckon' }>;

/**
 * Running requests with something due that hangs on what has changed: an open step that runs by the calendar, or in
 * which someone is asked who works by it; an expiry of someone's who does. More than those whose times really move.
 */
const hanging = (tx: TransactionContext, { calendar, people }: CalendarScope) =>
  readDb(tx.em)
    .selectFrom('approval_request as r')
    .innerJoin('process_version as v', 'v.id', 'r.process_version_id')
    .where('r.status', 'in', ['PENDING', 'RETURNED'])
    .where(
      sql<boolean>`(exists (select 1 from approval_step s where s.request_id = r.id and s.status = 'OPEN' and s.due_at is not null
          and (s.calendar_key = ${calendar} or v.definition ->> 'calendar' = ${calendar}
            or (v.definition ->> 'calendar' is null and exists (select 1 from approval_assignment a
              where a.request_id = r.id and a.step_key = s.key and a.round = s.round and a.attempt = s.attempt
                and a.person_id = any(${people}::uuid[])))))
        or (r.expires_at is not null and (v.definition ->> 'calendar' = ${calendar}
          or (v.definition ->> 'calendar' is null and r.requester_id = any(${people}::uuid[])))))`,
    );

export async function countRequests(tx: TransactionContext, scope: CalendarScope): Promise<number> {
  const { count } = await hanging(tx, scope)
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The next of them by id, which is the order in which every command that locks several takes them. */
export async function requestsAfter(
  tx: TransactionContext,
  scope: CalendarScope,
  after: string | null,
  limit: number,
): Promise<string[]> {
  let next = hanging(tx, scope).select('r.id').orderBy('r.id').limit(limit);
  if (after !== null) next = next.where('r.id', '>', after);
  return (await next.execute()).map(({ id }) => id);
}

/**
 * Reckons the due times of some requests again, under their locks: one statement a table, not one a request. Answers
 * those that have to be reckoned alone.
 */
export async function reckonTogether(
  tx: TransactionContext,
  ids: readonly string[],
  because: CalendarChange,
): Promise<string[]> {
  await readDb(tx.em)
    .selectFrom('approval_request')
    .select('id')
    .where('id', 'in', ids)
    .orderBy('id')
    .forUpdate()
    .execute();
  const stored = await readRequests(tx.em, ids);
  const commands = await reckonCommands(tx, ids, because);
  const due = stored.map((one) => ({ stored: one, command: commands.get(one.id) as Reckon }));
  const decided = await decideOnMany(tx, due);
  await saveMany(
    tx,
    decided.filter((one) => one !== null),
  );
  return due.filter((_, index) => decided[index] === null).map(({ stored: { id } }) => id);
}

/** Reckons the due times of one request again, under its lock. @throws the refusals of `reckon` */
export async function reckonRequest(
  tx: TransactionContext,
  requestId: string,
  because: CalendarChange,
): Promise<void> {
  await applyCommand(tx, requestId, async ({ id }) => {
    const commands = await reckonCommands(tx, [id], because);
    return commands.get(id) as Reckon;
  });
}

/** The command for each request, with its whole history. */
export async function reckonCommands(
  tx: TransactionContext,
  ids: readonly string[],
  because: CalendarChange,
): Promise<ReadonlyMap<string, Reckon>> {
  const { facts, texts } = await readFactRows(tx.em, ids);
  const valueOf = valueIn(texts);
  const rowsOf = Map.groupBy(facts, ({ requestId }) => requestId);
  return new Map(
    ids.map((id) => {
      const history = (rowsOf.get(id) ?? []).map(({ canonical }) => unsealFact(canonical, valueOf));
      return [id, { type: 'reckon', by: SYSTEM, because, history }];
    }),
  );
}
