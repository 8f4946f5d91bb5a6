import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { readDb } from '../../src/entities/read-db.js';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { publishProcess } from '../support/publish-process.js';
import { START, testApp, type TestApp } from '../support/test-app.js';
import { checkDatabase } from '../support/whole-database.js';

const MINUTE = 60_000;
const minutes = (count: number): object => ({ after: `PT${count}M`, in: 'calendar' });

/** Due after a minute; each rung a minute after the one before. */
const step = (ladder: readonly object[]): object => ({
  key: 'review',
  kind: 'approve',
  title: 'Review',
  approvers: [{ rule: 'manager' }],
  formula: 'any',
  due: minutes(1),
  ladder: ladder.map((action) => ({ after: minutes(1), action })),
});
const REMIND = { do: 'remind' };
const ADD = { do: 'add', who: [{ rule: 'role', role: 'marketing-director' }] };
const APPROVE = { do: 'decide', verdict: 'APPROVE' };
const BUSIEST = { do: 'add', who: [{ rule: 'least-loaded', of: [{ rule: 'role', role: 'finance' }] }] };

let app: TestApp;
let flow: ContractFlow;
const db = () => readDb(app.app.orm.em.fork());

beforeAll(async () => {
  app = await testApp();
  // what the packs schedule by the calendar is not what is counted here
  await db().updateTable('timer').set({ state: 'CANCELLED' }).execute();
  flow = contractFlow(app);
  const { em } = app.app.orm;
  await publishProcess(em.fork(), 'climbs', [step([REMIND, ADD, REMIND])]);
  await publishProcess(em.fork(), 'decides', [step([APPROVE])]);
  await publishProcess(em.fork(), 'asks-for-load', [step([BUSIEST])]);
});
afterAll(() => app.close());

const submitted = async (signingMode: string, count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1)
    ids.push((await flow.submit(await flow.create({ title: `${signingMode} ${n}`, signingMode }))).id);
  return ids;
};
const escalations = async (ids: readonly string[]): Promise<Record<string, number>> => {
  const rows = await db()
    .selectFrom('approval_event')
    .select(['request_id', 'type'])
    .where('request_id', 'in', ids)
    .where('type', '=', 'ESCALATED')
    .execute();
  return Object.fromEntries(ids.map((id) => [id, rows.filter(({ request_id }) => request_id === id).length]));
};
/** Transactions that wrote the escalations of these requests. */
const transactions = async (ids: readonly string[]): Promise<number> => {
  const { rows } = await sql`select distinct xmin::text from approval_event
    where type = 'ESCALATED' and request_id in (${sql.join(ids)})`.execute(db());
  return rows.length;
};

describe('timers of requests that fall due together', () => {
  test('are decided in one transaction, each once, in the order of their own ladder', async () => {
    const ids = await submitted('climbs', 12);
    app.moveTo(new Date(START.getTime() + 2 * MINUTE));
    expect(await app.sweep()).toMatchObject({ fired: 12, failed: 0, refused: 0 });
    expect(new Set(Object.values(await escalations(ids)))).toEqual(new Set([1]));
    expect(await transactions(ids)).toBe(1);

    // two rungs behind: both act, the lower one first
    app.moveTo(new Date(START.getTime() + 10 * MINUTE));
    expect(await app.sweep()).toMatchObject({ fired: 24, failed: 0, refused: 0 });
    expect(new Set(Object.values(await escalations(ids)))).toEqual(new Set([3]));
    expect((await flow.view(ids[0]!)).steps[0]).toMatchObject({
      assignments: [
        { person: { email: 'manager@demo.local' } },
        { person: { email: 'director@demo.local' } },
      ],
    });
    expect(await app.sweep()).toMatchObject({ fired: 0 });
    expect(await checkDatabase(app.app.orm.em.fork())).toMatchObject({ problems: [] });
  });

  test('leave alone what has to go through its own transaction: a subject changes, a load is asked for', async () => {
    const begun = app.now();
    const climbing = await submitted('climbs', 3);
    const deciding = await submitted('decides', 3);
    const loading = await submitted('asks-for-load', 3);
    app.moveTo(new Date(begun.getTime() + 2 * MINUTE));
    expect(await app.sweep()).toMatchObject({ fired: 9, failed: 0, refused: 0 });
    expect(new Set(Object.values(await escalations([...climbing, ...loading])))).toEqual(new Set([1]));
    for (const id of deciding) expect(await flow.view(id)).toMatchObject({ status: 'APPROVED' });
    const contracts = await db()
      .selectFrom('approval_request as request')
      .innerJoin('contract', 'contract.id', 'request.subject_id')
      .select('contract.status')
      .where('request.id', 'in', deciding)
      .execute();
    expect(contracts.map(({ status }) => status)).toEqual(['APPROVED', 'APPROVED', 'APPROVED']);
    app.moveTo(new Date(begun.getTime() + 10 * MINUTE));
    expect(await app.sweep()).toMatchObject({ fired: 6, failed: 0, refused: 0 });
    expect(await checkDatabase(app.app.orm.em.fork())).toMatchObject({ problems: [] });
  });

  test('pass by a request that someone holds, and one whose row is torn fails alone', async () => {
    const begun = app.now();
    const ids = await submitted('climbs', 6);
    const torn = ids[4]!;
    const due = new Date(begun.getTime() + 2 * MINUTE);
    await db()
      .updateTable('timer')
      .set({ payload: JSON.stringify({ step: 'review' }) })
      .where('subject_id', '=', torn)
      .execute();
    app.moveTo(due);
    await app.app.orm.em.fork().transactional(async (em) => {
      await readDb(em)
        .selectFrom('approval_request')
        .select('id')
        .where('id', '=', ids[1]!)
        .forUpdate()
        .execute();
      expect(await app.sweep()).toMatchObject({ fired: 4, failed: 1 });
    });
    expect(await escalations(ids)).toEqual(
      Object.fromEntries(ids.map((id, index) => [id, index === 1 || index === 4 ? 0 : 1])),
    );
    expect(await app.sweep()).toMatchObject({ fired: 1, failed: 1 });
    await db().deleteFrom('timer').where('subject_id', '=', torn).execute();
    app.errors.length = 0;
  });
});
