import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { graphql, type GraphQLSchema } from 'graphql';
import { buildSchema } from 'type-graphql';
import { relayOutbox } from '../../src/commands/schedule/relay-outbox.js';
import type { Actor } from '../../src/context.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { NotificationResolver } from '../../src/resolvers/schedule/notification.js';
import { OutboxResolver } from '../../src/resolvers/schedule/outbox.js';
import { StalledResolver } from '../../src/resolvers/schedule/stalled.js';
import { TimerResolver } from '../../src/resolvers/schedule/timer.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
const secondsAfter = (seconds: number): Date => new Date(MONDAY.getTime() + seconds * 1000);
const db = () => readDb(database.orm.em.fork());
beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
});
afterAll(() => database.close());

/** Root fields by name; the codes of the errors instead where there are any. */
type Answer = Readonly<
  Record<
    string,
    {
      totalCount: number;
      pageInfo: { hasNextPage: boolean; endCursor: string };
      edges: { node: Record<string, unknown> }[];
    }
  >
>;

async function insertTimer(
  subject_id: string,
  due_at: Date,
  more: { state?: string; payload?: string } = {},
): Promise<string> {
  const id = newRowId();
  await db()
    .insertInto('timer')
    .values({ id, key: id, kind: 'approval-rung', subject_id, due_at, payload: '{}', ...more })
    .execute();
  return id;
}
async function insertMessage(key: string, people: readonly string[]): Promise<string> {
  const id = newRowId();
  const payload = JSON.stringify({
    kind: 'REMINDED',
    people,
    textEn: 'Hello',
    textZh: '您好',
    requestId: null,
  });
  await db()
    .insertInto('outbox_message')
    .values({ id, key, channel: 'in-app', payload, created_at: MONDAY, next_try_at: MONDAY })
    .execute();
  return id;
}

describe('over GraphQL', () => {
  let schema: GraphQLSchema;
  const request = { one: newRowId(), two: newRowId(), subject: newRowId() };
  const as = (
    person: keyof TestOrganisation['people'],
    permissions: Parameters<typeof actorOf>[1] = {},
  ): Actor => actorOf(organisation.people[person], permissions);
  const run = async (
    actor: Actor | null,
    source: string,
    variables: object = {},
    language: 'en' | 'zh' = 'en',
  ): Promise<Answer> => {
    const contextValue = { ...contextFor(database.orm, { actor }), language };
    const { data, errors } = await graphql({
      schema,
      source,
      contextValue,
      variableValues: { ...variables },
    });
    return errors
      ? (errors.map(({ extensions, message }) => extensions['code'] ?? message) as unknown as Answer)
      : (JSON.parse(JSON.stringify(data)) as Answer);
  };

  /** Two requests of Sam's with an open step each: Mary's is an hour late, Tom's a day; Tom's has climbed one rung. */
  beforeAll(async () => {
    schema = await buildSchema({
      resolvers: [TimerResolver, StalledResolver, NotificationResolver, OutboxResolver],
      validate: false,
    });
    const { sam, mary, tom } = organisation.people;
    const version = newRowId();
    await db()
      .insertInto('process_version')
      .values({
        id: version,
        key: 'p',
        version: 1,
        subject_type: 'CONTRACT',
        purpose: 'review',
        priority: 0,
        definition: '{}',
        digest: 'd',
      })
      .execute();
    for (const [id, number, person, lateSeconds, rung] of [
      [request.one, 'A-2026-00001', mary, 3600, 0],
      [request.two, 'A-2026-00002', tom, 86_400, 1],
    ] as const) {
      const at = { due_at: secondsAfter(-lateSeconds), opened_at: secondsAfter(-200_000) };
      await db()
        .insertInto('approval_request')
        .values({
          id,
          number,
          process_version_id: version,
          subject_type: 'CONTRACT',
          subject_id: id === request.one ? request.subject : newRowId(),
          purpose: 'review',
          status: 'PENDING',
          round: 1,
          title: `Contract ${number}`,
          subject_number: 'C-1',
          owner_id: sam.id,
          department_id: sam.departmentId,
          requester_id: sam.id,
          content: '{}',
          digest: 'd',
          submitted_at: MONDAY,
          fact_count: 1,
          chain_head: 'h',
        })
        .execute();
      await db()
        .insertInto('approval_step')
        .values({
          id: newRowId(),
          request_id: id,
          ordinal: 1,
          key: 'review',
          round: 1,
          attempt: 1,
          status: 'OPEN',
          title_en: 'Review',
          title_zh: '审核',
          interest_allowed: false,
          rung,
          ...at,
        })
        .execute();
      await db()
        .insertInto('approval_assignment')
        .values({
          id: newRowId(),
          request_id: id,
          ordinal: 1,
          step_key: 'review',
          round: 1,
          attempt: 1,
          person_id: person.id,
          status: 'OPEN',
          rule: 'user',
          weight: 1,
          veto: false,
          required: false,
          position: 1,
          urgent_at: at.due_at,
          ...at,
        })
        .execute();
    }
  });

  const TIMERS = 'query ($id: ID!) { timers(subjectId: $id) { id kind dueAt state refusal } }';
  test('timers tells what will happen next to a request or its subject, to those who may see it', async () => {
    const done = await insertTimer(request.one, secondsAfter(-5), {
      state: 'FIRED',
      payload: '{"refusal":"CONDITION_FAILED"}',
    });
    const second = await insertTimer(request.one, secondsAfter(20));
    const first = await insertTimer(request.one, secondsAfter(10));
    await insertTimer(request.two, secondsAfter(10));
    const expected = {
      timers: [
        {
          id: first,
          kind: 'approval-rung',
          dueAt: '2026-03-02T09:00:10.000Z',
          state: 'SCHEDULED',
          refusal: null,
        },
        {
          id: second,
          kind: 'approval-rung',
          dueAt: '2026-03-02T09:00:20.000Z',
          state: 'SCHEDULED',
          refusal: null,
        },
        {
          id: done,
          kind: 'approval-rung',
          dueAt: '2026-03-02T08:59:55.000Z',
          state: 'FIRED',
          refusal: 'CONDITION_FAILED',
        },
      ],
    };
    for (const id of [request.one, request.subject]) {
      expect(await run(as('sam'), TIMERS, { id })).toEqual(expected);
      expect(await run(as('mary'), TIMERS, { id })).toEqual(expected);
      expect(await run(as('leo', { 'request:read': 'all' }), TIMERS, { id })).toEqual(expected);
      expect(await run(as('leo', { 'request:read': 'team' }), TIMERS, { id })).toEqual(['NOT_FOUND']);
      expect(await run(null, TIMERS, { id })).toEqual(['UNAUTHENTICATED']);
    }
    for (const id of [newRowId(), 'x', ''])
      expect(await run(as('sam'), TIMERS, { id })).toEqual(['NOT_FOUND']);
  });

  const STALLED = `query ($filter: StalledFilter, $first: Int, $after: String) { stalled(filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { request { id number title subjectType } stepKey stepTitle person { name } dueAt overdueSeconds rung } } } }`;
  test('stalled lists what is past due and visible, longest first, by pages', async () => {
    const all = as('leo', { 'request:read': 'all' });
    const found = await run(all, STALLED, {}, 'zh');
    expect(found['stalled']!.edges.map(({ node }) => node)).toEqual([
      {
        request: {
          id: request.two,
          number: 'A-2026-00002',
          title: 'Contract A-2026-00002',
          subjectType: 'CONTRACT',
        },
        stepKey: 'review',
        stepTitle: '审核',
        person: { name: 'tom' },
        dueAt: '2026-03-01T09:00:00.000Z',
        overdueSeconds: 86_400,
        rung: 1,
      },
      {
        request: {
          id: request.one,
          number: 'A-2026-00001',
          title: 'Contract A-2026-00001',
          subjectType: 'CONTRACT',
        },
        stepKey: 'review',
        stepTitle: '审核',
        person: { name: 'mary' },
        dueAt: '2026-03-02T08:00:00.000Z',
        overdueSeconds: 3600,
        rung: 0,
      },
    ]);
    const numbers = async (actor: Actor, variables: object): Promise<string[]> =>
      (await run(actor, STALLED, variables))['stalled']!.edges.map(
        ({ node }) => (node['request'] as { number: string }).number,
      );
    const page = (await run(all, STALLED, { first: 1 }))['stalled']!;
    expect([page.totalCount, page.pageInfo.hasNextPage, page.edges.length]).toEqual([2, true, 1]);
    expect(await numbers(all, { first: 1, after: page.pageInfo.endCursor })).toEqual(['A-2026-00001']);
    expect(await numbers(as('mary'), {})).toEqual(['A-2026-00001']);
    expect(await numbers(as('leo', { 'request:read': 'team' }), {})).toEqual([]);
    expect(await numbers(all, { filter: { overdueSeconds: 3601 } })).toEqual(['A-2026-00002']);
    expect(await numbers(all, { filter: { rung: 1 } })).toEqual(['A-2026-00002']);
    expect(await numbers(all, { filter: { personId: organisation.people.mary.id } })).toEqual([
      'A-2026-00001',
    ]);
    expect(await numbers(all, { filter: { personId: 'x' } })).toEqual([]);
    expect(await numbers(all, { filter: { subjectType: 'PLAN' } })).toEqual([]);
    expect(await run(all, STALLED, { filter: { overdueSeconds: -1 } })).toEqual(['BAD_USER_INPUT']);
    expect(await run(all, STALLED, { after: 'bogus' })).toEqual(['BAD_USER_INPUT']);
    expect(await run(null, STALLED)).toEqual(['UNAUTHENTICATED']);
  });

  test('notifications speak the reader’s language; parked messages can be seen and sent again', async () => {
    const { sam } = organisation.people;
    await insertMessage('m', [sam.id]);
    await relayOutbox(contextFor(database.orm, { actor: null }));
    const NOTIFICATIONS =
      '{ notifications(first: 5, unreadOnly: true) { totalCount edges { cursor node { id kind text createdAt readAt requestId } } } }';
    const page = (await run(as('sam'), NOTIFICATIONS, {}, 'zh'))['notifications']!;
    expect(page.edges[0]!.node).toMatchObject({
      kind: 'REMINDED',
      text: '您好',
      createdAt: '2026-03-02T09:00:00.000Z',
      readAt: null,
      requestId: null,
    });
    const mark =
      'mutation ($ids: [ID!]!) { markNotificationsRead(input: { ids: $ids }) { notifications { readAt text } } }';
    expect(await run(as('sam'), mark, { ids: [page.edges[0]!.node['id']] })).toEqual({
      markNotificationsRead: { notifications: [{ readAt: MONDAY.toISOString(), text: 'Hello' }] },
    });
    expect(await run(as('sam'), NOTIFICATIONS)).toMatchObject({ notifications: { totalCount: 0 } });

    const id = await insertMessage('dead', []);
    await db()
      .updateTable('outbox_message')
      .set({ state: 'DEAD', last_error: 'why' })
      .where('id', '=', id)
      .execute();
    const dead = await run(
      as('tom'),
      '{ deadOutboxMessages { edges { node { id key channel state tries lastError createdAt } } } }',
    );
    expect(dead['deadOutboxMessages']!.edges).toMatchObject([
      { node: { id, key: 'dead', channel: 'in-app', state: 'DEAD', lastError: 'why' } },
    ]);
    const replay =
      'mutation ($id: ID!) { replayOutboxMessage(input: { id: $id }) { message { state tries } } }';
    expect(await run(as('tom'), replay, { id })).toEqual({
      replayOutboxMessage: { message: { state: 'PENDING', tries: 0 } },
    });
  });
});
