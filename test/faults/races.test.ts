import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDb } from '../../src/entities/read-db.js';
import {
  CREATE,
  decide,
  DEMO_PASSWORD,
  demoClient,
  openTask,
  SUBMIT,
  VIEW,
  type DemoClient,
  type RequestView,
} from '../support/demo-client.js';
import { eventually, killAll, start, type Product } from '../support/processes.js';
import { publishProcess } from '../support/publish-process.js';
import { numberFrom, randomFrom } from '../support/random.js';
import type { Answer } from '../support/test-app.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';
import { checkDatabase } from '../support/whole-database.js';

/** Pairs of people deciding at the same instant; `RACES=10000` for the big run. */
const RACES = numberFrom('RACES', 300);
/** Times an API process is killed in the midst of requests; `KILLS=1000` for the big run. */
const KILLS = numberFrom('KILLS', 20);
/** Races that run at once. */
const LANES = 4;
/** Time for one race on a slow machine, for the tests' deadlines. */
const RACE_MS = 300;

const seed = numberFrom('FAULT_SEED', 1);

type Decided = Answer<Record<string, { request: { status: string } }>>;
const codeOf = (answer: Answer<unknown>): string => answer.errors?.[0]?.extensions.code ?? 'done';

let database: TestDatabase;
let apis: Product[];
/** Who asks process 0, and who asks process 1: the two share nothing but the database. */
let clients: DemoClient[];

const env = (): Record<string, string> => ({
  DATABASE_URL: database.url,
  SEED: 'demo',
  DEMO_PASSWORD,
  ROLE: 'api',
  LOG_LEVEL: 'warn',
});
const role = (key: string): object => ({ rule: 'role', role: key });
const step = (key: string, approvers: object[]): object => ({
  key,
  kind: 'approve',
  title: key,
  approvers,
  formula: 'any',
  requireComment: 'never',
});

beforeAll(async () => {
  database = await testDatabase();
  apis = [await start(env())];
  apis.push(await start(env()));
  clients = [0, 1].map((index) => demoClient(() => apis[index]!.url()));
  const em = database.orm.em.fork();
  const either = step('either', [role('marketing-director'), role('general-manager')]);
  await publishProcess(em, 'race-to-the-end', [either]);
  await publishProcess(em, 'race-together', [{ ...either, formula: 'all' }]);
  await publishProcess(em, 'race-to-the-next', [either, step('next', [role('finance')])]);
}, 90_000);
afterAll(async () => {
  await killAll();
  await database.close();
});

const api = (index: number): DemoClient => clients[index % 2]!;

/** Runs the race so many times, a few at once; `index` counts from 0. */
async function repeat(times: number, race: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < times; index = next++) await race(index);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function submitted(
  signingMode: string,
  more: object = {},
): Promise<{ request: RequestView; contractId: string }> {
  const contractId = await api(0).createContract({ signingMode, ...more });
  return { contractId, request: await api(1).submit(contractId) };
}

/** The messages are the worker's to deliver: one comes for the check, and goes. */
async function checked(): Promise<{ requests: number; problems: readonly string[] }> {
  const worker = await start({ ...env(), ROLE: 'worker', SWEEP_SECONDS: '1' });
  await eventually(
    'the outbox is empty',
    async () => {
      const left = await readDb(database.orm.em.fork())
        .selectFrom('outbox_message')
        .select('id')
        .where('state', '=', 'PENDING')
        .limit(1)
        .execute();
      return left.length === 0;
    },
    60_000 + RACES * 20,
  );
  await worker.stop();
  return checkDatabase(database.orm.em.fork());
}

describe('people at the same instant, at two processes', () => {
  test(
    `of two who decide on one step, exactly one does: ${RACES} races`,
    async () => {
      const outcomes = new Map<string, number>();
      await repeat(RACES, async (index) => {
        const verbs = (['approve', 'reject'] as const)[index % 2]!;
        const { request } = await submitted(index % 4 < 2 ? 'race-to-the-end' : 'race-to-the-next');
        const vote = (which: number, person: string, verb: 'approve' | 'reject'): Promise<Decided> =>
          api(which).send(person, decide(verb), { input: { assignmentId: openTask(request, person) } });
        // Both take the first turn as often.
        const answers = await (index % 8 < 4
          ? Promise.all([vote(0, 'director', 'approve'), vote(1, 'gm', verbs)])
          : Promise.all([vote(1, 'gm', verbs), vote(0, 'director', 'approve')]).then((both) =>
              both.toReversed(),
            ));
        const codes = answers.map(codeOf);
        const winner = codes.indexOf('done');
        expect(codes.filter((code) => code === 'done')).toHaveLength(1);
        expect(['ASSIGNMENT_NOT_OPEN', 'REQUEST_ENDED']).toContain(codes[1 - winner]);
        const verdict = winner === 0 || verbs === 'approve' ? 'APPROVED' : 'REJECTED';
        const after = await api(index).view(request.id);
        expect(after.steps.find(({ key }) => key === 'either')).toMatchObject({ status: verdict });
        expect(after.events.filter(({ type }) => type === 'DECIDED')).toHaveLength(1);
        const loser = `${['director', 'gm'][winner]} won, ${codes[1 - winner]}`;
        outcomes.set(loser, (outcomes.get(loser) ?? 0) + 1);
      });
      expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(RACES);
      process.stdout.write(`races: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
    },
    60_000 + RACES * RACE_MS,
  );

  test(
    'of two who must both approve, both do, one after the other',
    async () => {
      await repeat(Math.ceil(RACES / 4), async () => {
        const { request } = await submitted('race-together');
        const people = ['director', 'gm'];
        const answers = await Promise.all(
          people.map((person, which) =>
            api(which).send(person, decide('approve'), {
              input: { assignmentId: openTask(request, person) },
            }),
          ),
        );
        expect(answers.map(codeOf)).toEqual(['done', 'done']);
        const { status, events } = await api(0).view(request.id);
        expect([status, events.filter(({ type }) => type === 'DECIDED').length]).toEqual(['APPROVED', 2]);
      });
    },
    60_000 + RACES * RACE_MS,
  );

  test(
    'one idempotency key eight times at once has one effect and one answer',
    async () => {
      await repeat(Math.ceil(RACES / 20), async (index) => {
        const { request } = await submitted('race-to-the-next');
        const input = { assignmentId: openTask(request, 'gm'), idempotencyKey: `decide ${index}` };
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, copy) =>
            api(copy).send<Record<string, { request: { status: string } }>>('gm', decide('approve'), {
              input,
            }),
          ),
        );
        expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
          new Set([JSON.stringify(answers[0])]),
        );
        expect(codeOf(answers[0]!)).toBe('done');
        expect((await api(0).view(request.id)).events.filter(({ type }) => type === 'DECIDED')).toHaveLength(
          1,
        );
        const other = await api(1).send('gm', decide('reject'), { input });
        expect(codeOf(other)).toBe('IDEMPOTENCY_CONFLICT');
      });
    },
    60_000 + RACES * RACE_MS,
  );

  test(
    'submitted eight times at once: one request, and the others are told of it',
    async () => {
      await repeat(Math.ceil(RACES / 20), async () => {
        const contractId = await api(0).createContract({ signingMode: 'race-to-the-end' });
        const input = { subjectType: 'CONTRACT', subjectId: contractId };
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, copy) => api(copy).send('sales', SUBMIT, { input })),
        );
        expect(answers.map(codeOf).toSorted()).toEqual([
          ...Array.from({ length: 7 }, () => 'ALREADY_SUBMITTED'),
          'done',
        ]);
        const stored = await readDb(database.orm.em.fork())
          .selectFrom('approval_request')
          .select('id')
          .where('subject_id', '=', contractId)
          .execute();
        expect(stored).toHaveLength(1);
      });
    },
    60_000 + RACES * RACE_MS,
  );

  test(
    'a change that races the submission is in what the approvers see, or is refused; never half',
    async () => {
      const CHANGE =
        'mutation ($input: UpdateContractInput!) { updateContract(input: $input) { contract { version } } }';
      const APPROVER = `query ($id: ID!) { approvalRequest(id: $id) { digest subject { ... on Contract { title amount { amount } lines { unitPrice } } } } }`;
      const codes = new Map<string, number>();
      await repeat(Math.ceil(RACES / 4), async (index) => {
        const price = {
          amount: { amount: '100.00', currency: 'CNY' },
          lines: [{ description: 'Part', quantity: '1.00', unitPrice: '100.00' }],
        };
        const contractId = await api(0).createContract({
          signingMode: 'race-to-the-end',
          title: 'Before 100.00',
          ...price,
        });
        const change = {
          input: {
            id: contractId,
            expectedVersion: 1,
            title: 'After 200.00',
            amount: { amount: '200.00', currency: 'CNY' },
            lines: [{ description: 'Part', quantity: '1.00', unitPrice: '200.00' }],
          },
        };
        const [changed, request] = await Promise.all([
          api(index).send('sales', CHANGE, change),
          api(index + 1).submit(contractId),
        ]);
        const code = codeOf(changed);
        codes.set(code, (codes.get(code) ?? 0) + 1);
        expect(['done', 'SUBJECT_LOCKED', 'CONFLICT']).toContain(code);
        const { approvalRequest } = await api(0).ask<{
          approvalRequest: {
            digest: string;
            subject: { title: string; amount: { amount: string }; lines: { unitPrice: string }[] };
          };
        }>('gm', APPROVER, { id: request.id });
        const amount = code === 'done' ? '200.00' : '100.00';
        expect(approvalRequest).toEqual({
          digest: request.digest,
          subject: {
            title: `${code === 'done' ? 'After' : 'Before'} ${amount}`,
            amount: { amount },
            lines: [{ unitPrice: amount }],
          },
        });
        await api(1).ask('gm', decide('approve'), { input: { assignmentId: openTask(request, 'gm') } });
        expect(await api(0).view(request.id)).toMatchObject({ status: 'APPROVED', digest: request.digest });
      });
      process.stdout.write(`changes racing a submission: ${JSON.stringify(Object.fromEntries(codes))}\n`);
    },
    60_000 + RACES * RACE_MS,
  );

  test(
    'nothing failed inside, and the database holds together',
    async () => {
      for (const product of apis) {
        expect(product.stderr()).toBe('');
        expect(product.complaints().filter((line) => !line.includes('transaction tried again'))).toEqual([]);
      }
      expect(await checked()).toMatchObject({ problems: [] });
    },
    120_000 + RACES * RACE_MS,
  );
});

describe('kill -9 of an API process in the midst of submissions and decisions', () => {
  test(
    `clients that repeat with their idempotency key lose nothing and double nothing: ${KILLS} kills`,
    async () => {
      const random = randomFrom(seed);
      let killing = true;
      let retried = 0;
      const done: string[] = [];
      const stable = clients[0]!;
      const contracts: string[] = [];
      await repeat(
        KILLS * 4,
        async () => void contracts.push(await stable.createContract({ signingMode: 'race-to-the-next' })),
      );
      await Promise.all(['gm', 'finance', 'sales'].map((person) => stable.tokenOf(person)));

      // The client asks whichever process lives; a request to a dying one fails and is repeated at the other.
      let turn = 0;
      const tokens = demoClient(() => {
        turn += 1;
        const living = apis.filter((product) => !product.hasExited() && product.url() !== '');
        return living[turn % living.length]?.url() ?? 'http://127.0.0.1:1';
      });
      const insist = async <T>(
        person: string,
        query: string,
        variables: Record<string, unknown>,
      ): Promise<T> => {
        let tries = 0;
        const answer = await tokens.insist<T>(person, query, variables, () => (tries += 1));
        if (tries > 1) retried += 1;
        if (answer.errors || answer.data === null)
          throw new Error(`${person} was refused: ${JSON.stringify(answer.errors)}`);
        return answer.data;
      };
      for (const person of ['gm', 'finance', 'sales']) await tokens.tokenOf(person);
      const lives = async (): Promise<void> => {
        while (killing || contracts.length > 0) {
          const contractId =
            contracts.pop() ??
            (
              await insist<{ createContract: { contract: { id: string } } }>('sales', CREATE, {
                input: await stableInput(),
              })
            ).createContract.contract.id;
          const submission = {
            input: { subjectType: 'CONTRACT', subjectId: contractId, idempotencyKey: `submit ${contractId}` },
          };
          const { submitForApproval } = await insist<{ submitForApproval: { request: RequestView } }>(
            'sales',
            SUBMIT,
            submission,
          );
          const again = await insist<{ submitForApproval: { request: RequestView } }>(
            'sales',
            SUBMIT,
            submission,
          );
          expect(again.submitForApproval.request.id).toBe(submitForApproval.request.id);
          for (const person of ['gm', 'finance']) {
            const view = await insist<{ approvalRequest: RequestView }>('sales', VIEW, {
              id: submitForApproval.request.id,
            });
            const input = {
              assignmentId: openTask(view.approvalRequest, person),
              idempotencyKey: `${person} ${contractId}`,
            };
            await insist(person, decide('approve'), { input });
          }
          done.push(submitForApproval.request.id);
        }
      };
      const { customer_id } = await readDb(database.orm.em.fork())
        .selectFrom('contract')
        .select('customer_id')
        .limit(1)
        .executeTakeFirstOrThrow();
      const stableInput = (): Promise<object> =>
        Promise.resolve({
          title: 'Under fire',
          customerId: customer_id,
          signingMode: 'race-to-the-next',
          amount: { amount: '100.00', currency: 'CNY' },
        });

      const clientsAtWork = Promise.all([lives(), lives()]);
      clientsAtWork.catch(() => (killing = false));
      for (let kill = 0; kill < KILLS && killing; kill += 1) {
        const index = kill % 2;
        const before = done.length;
        // At a moment of chance within the next few requests, never while both are down.
        await eventually('requests go on', () => done.length > before || !killing, 60_000);
        await new Promise((resolve) => setTimeout(resolve, random() * 30));
        await apis[index]!.kill();
        apis[index] = await start(env());
      }
      killing = false;
      await clientsAtWork;

      const events = await readDb(database.orm.em.fork())
        .selectFrom('approval_event')
        .select(['request_id', 'type'])
        .where('request_id', 'in', done)
        .execute();
      const decided = Map.groupBy(events, (event) => event.request_id);
      for (const id of done)
        expect(decided.get(id)?.filter(({ type }) => type === 'DECIDED')).toHaveLength(2);
      const requests = await readDb(database.orm.em.fork())
        .selectFrom('approval_request')
        .select(['id', 'status', 'subject_id'])
        .where('id', 'in', done)
        .execute();
      expect(requests.filter(({ status }) => status !== 'APPROVED')).toEqual([]);
      expect(new Set(requests.map((request) => request.subject_id)).size).toBe(done.length);
      for (const product of apis) expect(product.stderr()).toBe('');
      expect(await checked()).toMatchObject({ problems: [] });
      process.stdout.write(
        `${KILLS} kills: ${done.length} requests decided, ${retried} operations repeated\n`,
      );
    },
    120_000 + KILLS * 10_000,
  );
});
