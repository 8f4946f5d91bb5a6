import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readDb } from '../../src/entities/read-db.js';
import { publishProcess } from '../support/publish-process.js';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let story: RequestStory;
beforeEach(async () => {
  app = await testApp();
  story = requestStory(app);
  const step = (key: string, approvers: object[]): object => ({
    key,
    kind: 'approve',
    title: key,
    approvers,
  });
  const em = app.app.orm.em.fork();
  await publishProcess(em, 'by-legal', [step('review', [{ rule: 'role', role: 'legal' }])]);
  await publishProcess(em, 'by-both', [
    step('review', [
      { rule: 'role', role: 'legal' },
      { rule: 'role', role: 'finance' },
    ]),
  ]);
});
afterEach(async () => {
  const { errors } = app;
  await app.close();
  expect(errors).toEqual([]);
});

const HOUR = 3_600_000;
const hours = (count: number): string => new Date(START.getTime() + count * HOUR).toISOString();
const SET = `mutation ($input: SetAbsenceInput!) { setAbsence(input: $input) { moved absence { id from until person { name } substitute { name } processKeys subjectTypes } } }`;
const END = `mutation ($input: EndAbsenceInput!) { endAbsence(input: $input) { moved absence { until } } }`;
const LEAVE = `mutation ($input: DeactivatePersonInput!) { deactivatePerson(input: $input) { person { active } moved { what count } notMoved { what id count reason } } }`;

interface Set {
  setAbsence: { moved: number; absence: { id: string } };
}
const away = async (as: string, substitute: string | null, more: object = {}): Promise<Set['setAbsence']> => {
  const substituteId = substitute === null ? null : await app.person(substitute);
  const input = { from: hours(0), until: hours(48), substituteId, ...more };
  return (await app.ask<Set>(as, SET, { input })).setAbsence;
};

describe('an absence', () => {
  test('moves what is open and what comes later; what was left untouched comes back', async () => {
    const open = await story.submit('by-legal');
    const touched = await story.submit('by-legal');
    const { moved, absence } = await away('legal', 'tech');
    expect(moved).toBe(2);
    const later = await story.submit('by-legal');
    for (const id of [open, touched, later]) expect(await story.askedFor(id)).toEqual(['tech for legal']);
    await story.act('tech', 'approve', touched);
    expect(await story.statusOf(touched)).toBe('APPROVED');
    app.moveTo(new Date(hours(24)));
    await app.ask('legal', END, { input: { absenceId: absence.id } });
    for (const id of [open, later]) expect(await story.askedFor(id)).toEqual(['legal']);
    await story.act('legal', 'approve', open);
    expect(await story.statusOf(open)).toBe('APPROVED');
  });

  test('begins and ends by its timers', async () => {
    const id = await story.submit('by-legal');
    await away('legal', 'tech', { from: hours(10), until: hours(20) });
    expect(await story.asked(id)).toEqual(['legal']);
    app.moveTo(new Date(hours(10)));
    await app.sweep();
    expect(await story.askedFor(id)).toEqual(['tech for legal']);
    app.moveTo(new Date(hours(20)));
    await app.sweep();
    expect(await story.askedFor(id)).toEqual(['legal']);
  });

  test('passes over a substitute with an interest to the next of the chain', async () => {
    await away('sales', 'tech');
    await away('legal', 'sales');
    const id = await story.submit('by-legal');
    expect(await story.askedFor(id)).toEqual(['tech for legal']);
  });

  test('may be limited to kinds of subjects and processes', async () => {
    await away('legal', 'tech', { subjectTypes: ['PLAN'] });
    await away('finance', 'tech', { processKeys: ['by-both'] });
    expect(await story.asked(await story.submit('by-legal'))).toEqual(['legal']);
    expect(await story.askedFor(await story.submit('by-both'))).toEqual(['legal', 'tech for finance']);
    const input = { from: hours(0), until: hours(5), processKeys: ['no-such'] };
    expect(await app.refusal('legal', SET, { input })).toBe('BAD_USER_INPUT');
  });

  test('is set by the person, whoever is above them, or an administrator; a circle is refused', async () => {
    const legal = await app.person('legal');
    const input = {
      personId: legal,
      from: hours(0),
      until: hours(5),
      substituteId: await app.person('tech'),
    };
    expect(await app.refusal('sales', SET, { input })).toBe('FORBIDDEN');
    await app.ask('gm', SET, { input });
    await app.ask('admin', SET, { input });
    expect(
      await app.refusal('tech', SET, { input: { from: hours(1), until: hours(9), substituteId: legal } }),
    ).toBe('BAD_USER_INPUT');
    // After the other is back there is no circle.
    await away('tech', 'legal', { from: hours(5), until: hours(9) });
    const { absences } = await app.ask<{ absences: { person: { name: string } }[] }>(
      'legal',
      '{ absences { person { name } from until } }',
    );
    expect(absences).toHaveLength(3);
    expect(await app.refusal('legal', SET, { input: { from: hours(3), until: hours(3) } })).toBe(
      'BAD_USER_INPUT',
    );
    expect(await app.refusal(null, '{ absences { id } }')).toBe('UNAUTHENTICATED');
  });

  test('one who may not stand in leaves the turn where it is', async () => {
    const id = await story.submit('by-legal');
    expect((await away('legal', 'sales')).moved).toBe(0);
    expect(await story.asked(id)).toEqual(['legal']);
  });
});

describe('a leaver', () => {
  const leave = async (person: string, successor: string, more: object = {}) => {
    const input = {
      personId: await app.person(person),
      successorId: await app.person(successor),
      reason: 'moves on',
      ...more,
    };
    return app.send<{
      deactivatePerson: {
        person: { active: boolean };
        moved: { what: string; count: number }[];
        notMoved: { what: string; id: string | null; reason: string }[];
      };
    }>('admin', LEAVE, { input });
  };

  test('whose role nobody else holds is kept until that is forced', async () => {
    await story.submit('by-legal');
    const { errors } = await leave('legal', 'tech');
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'LAST_HOLDER',
      roles: 'legal',
      needed: [
        {
          role: 'legal',
          processes: expect.arrayContaining([
            expect.objectContaining({ process: 'by-legal', openRequests: 1 }),
          ]),
        },
      ],
    });
    expect((await leave('legal', 'tech', { force: true })).data?.deactivatePerson.person.active).toBe(false);
  });

  test('hands turns, records and people to the successor', async () => {
    const id = await story.submit('by-legal');
    await app.ask('legal', '{ viewer { id } }');
    const { data } = await leave('legal', 'tech', { force: true });
    expect(data?.deactivatePerson.moved).toEqual(
      expect.arrayContaining([
        { what: 'session', count: 1 },
        { what: 'assignment', count: 1 },
        { what: 'department', count: 1 },
      ]),
    );
    expect(await story.askedFor(id)).toEqual(['tech for legal']);
    expect(await app.refusal('legal', '{ viewer { id } }')).toBe('UNAUTHENTICATED');
    await story.act('tech', 'approve', id);
    expect(await story.statusOf(id)).toBe('APPROVED');
  });

  test('whose successor has an interest blocks the step, and says so', async () => {
    const id = await story.submit('by-legal');
    const { data } = await leave('legal', 'sales', { force: true });
    expect(data?.deactivatePerson.notMoved).toEqual(
      expect.arrayContaining([expect.objectContaining({ what: 'request', id, reason: 'BLOCKED' })]),
    );
    expect(await story.asked(id)).toEqual([]);
    expect(await story.statusOf(id)).toBe('PENDING');
  });

  test('takes drafts along and leaves what is under approval', async () => {
    const draft = await story.contract('by-legal');
    const pending = await story.submit('by-legal');
    const { data } = await leave('sales', 'planner', { force: true });
    const counts = new Map(data?.deactivatePerson.moved.map(({ what, count }) => [what, count]));
    expect(counts.get('customer')).toBe(2);
    expect(counts.get('project')).toBe(1);
    expect(counts.get('request')).toBe(1);
    expect(data?.deactivatePerson.notMoved.filter(({ id }) => id === pending)).toEqual([]);
    expect(data?.deactivatePerson.notMoved).toEqual(
      expect.arrayContaining([expect.objectContaining({ what: 'contract', reason: 'DECIDED_CONTENT' })]),
    );
    const { owner_id } = await readDb(app.app.orm.em.fork())
      .selectFrom('contract')
      .select('owner_id')
      .where('id', '=', draft)
      .executeTakeFirstOrThrow();
    expect(owner_id).toBe(await app.person('planner'));
  });

  test('re-points reports without making a circle, and needs the permission', async () => {
    const input = {
      personId: await app.person('manager'),
      successorId: await app.person('sales'),
      reason: 'x',
    };
    expect(await app.refusal('gm', LEAVE, { input })).toBe('FORBIDDEN');
    const { data, errors } = await leave('manager', 'sales', { force: true });
    expect(errors).toBeUndefined();
    expect(data?.deactivatePerson.moved).toEqual(expect.arrayContaining([{ what: 'report', count: 2 }]));
    const managers = new Map(
      (await readDb(app.app.orm.em.fork()).selectFrom('app_user').select(['id', 'manager_id']).execute()).map(
        (row) => [row.id, row.manager_id],
      ),
    );
    expect(managers.get(await app.person('sales'))).toBe(await app.person('director'));
    expect(managers.get(await app.person('planner'))).toBe(await app.person('sales'));
    expect((await leave('manager', 'sales')).errors?.[0]?.extensions.code).toBe('INVALID_STATE');
    expect((await leave('admin', 'sales')).errors?.[0]?.extensions.code).toBe('PERSON_NOT_ELIGIBLE');
  });
});

describe('a requester who leaves', () => {
  const LEAVE_WITH_KEY = { reason: 'moves on', force: true, idempotencyKey: 'leaves' };
  const leave = async (person: string, successor: string) =>
    app.ask<{ deactivatePerson: { moved: { what: string; count: number }[] } }>('admin', LEAVE, {
      input: {
        personId: await app.person(person),
        successorId: await app.person(successor),
        ...LEAVE_WITH_KEY,
      },
    });
  const RETURN = 'mutation ($i: ReturnInput!) { returnForChanges(input: $i) { request { status } } }';
  const ASK = 'mutation ($i: AskForInformationInput!) { askForInformation(input: $i) { request { id } } }';
  const RESUBMIT = 'mutation ($i: ResubmitInput!) { resubmit(input: $i) { request { status } } }';
  const CAN = 'query ($id: ID!) { approvalRequest(id: $id) { viewerCan { action allowed } } }';

  test('has a successor to whom questions and returns go, and who hands it in again; their own votes do not count', async () => {
    const [asked, back] = [await story.submit('by-legal'), await story.submit('by-legal')];
    const task = await story.taskOf('legal', asked);
    await app.ask('legal', ASK, { i: { assignmentId: task, question: 'Which terms?' } });
    await app.ask('legal', RETURN, {
      i: { assignmentId: await story.taskOf('legal', back), comment: 'say more' },
    });
    expect(await app.refusal('planner', CAN, { id: back }).catch(() => 'NULL')).toBe('NULL');
    const first = await leave('sales', 'planner');
    expect(first.deactivatePerson.moved).toContainEqual({ what: 'request', count: 2 });
    // The same key gives the same answer, though the person has left by now.
    expect(await leave('sales', 'planner')).toEqual(first);
    const can = async (id: string): Promise<string[]> =>
      (
        await app.ask<{ approvalRequest: { viewerCan: { action: string; allowed: boolean }[] } }>(
          'planner',
          CAN,
          { id },
        )
      ).approvalRequest.viewerCan.flatMap(({ action, allowed }) => (allowed ? action : []));
    expect(await can(asked)).toContain('ANSWER');
    expect(await can(back)).toContain('RESUBMIT');
    const GIVE = 'mutation ($i: GiveInformationInput!) { giveInformation(input: $i) { request { id } } }';
    const { id: questionId } = await readDb(app.app.orm.em.fork())
      .selectFrom('approval_question')
      .select('id')
      .where('request_id', '=', asked)
      .executeTakeFirstOrThrow();
    await app.ask('planner', GIVE, { i: { questionId, answer: 'Net thirty.' } });
    await app.ask('planner', RESUBMIT, { i: { requestId: back, comment: 'more said' } });
    const interests = await readDb(app.app.orm.em.fork())
      .selectFrom('approval_interest')
      .select(['person_id', 'because'])
      .where('request_id', '=', back)
      .where('lapsed', '=', false)
      .execute();
    expect(interests).toContainEqual({ person_id: await app.person('sales'), because: 'REQUESTER' });
    expect(interests.map((one) => one.person_id)).toContain(await app.person('planner'));
    await story.act('legal', 'approve', back);
    const STATUS = 'query ($id: ID!) { approvalRequest(id: $id) { status } }';
    expect(await app.ask('planner', STATUS, { id: back })).toEqual({
      approvalRequest: { status: 'APPROVED' },
    });
  });
});
