import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { planSubject } from '../../src/commands/approvals/subjects/plan.js';
import type { SubjectEvent } from '../../src/commands/approvals/subjects/subject.js';
import { createDocument } from '../../src/commands/documents/create-document.js';
import { installPacks } from '../../src/commands/organisation/install-packs.js';
import { chaseMilestone } from '../../src/commands/plans/chase-milestone.js';
import { completeMilestone } from '../../src/commands/plans/complete-milestone.js';
import { createPlan } from '../../src/commands/plans/create-plan.js';
import { updatePlan } from '../../src/commands/plans/update-plan.js';
import { inTransaction } from '../../src/commands/transaction.js';
import type { Context, Scope, Wake } from '../../src/context.js';
import { PlanKind, PlanStatus, type Plan, type PlanMilestone } from '../../src/entities/plans/plan.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { Timer } from '../../src/entities/schedule/timer.js';
import { linesOf, milestonesOf } from '../../src/queries/plans/plan-parts.js';
import { plan } from '../../src/queries/plans/plan-by-id.js';
import { planTemplates } from '../../src/queries/plans/plan-templates.js';
import { plans } from '../../src/queries/plans/plans.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

type Person = keyof TestOrganisation['people'];

let database: TestDatabase;
let organisation: TestOrganisation;

/** Sue plans, Sam sells, Leo runs the store-room in another department, Grace is the general manager. */
const ROLES: readonly (readonly [Person, string])[] = [
  ['sam', 'salesperson'],
  ['leo', 'warehouse'],
  ['grace', 'general-manager'],
  ['mary', 'sales-manager'],
];

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
  await installPacks(contextFor(database.orm, { actor: null }), 'packs');
  await db()
    .insertInto('role_grant')
    .values(
      ROLES.map(([name, role_key]) => ({
        id: newRowId(),
        person_id: organisation.people[name].id,
        role_key,
        department_id: null,
      })),
    )
    .execute();
});
afterAll(() => database.close());

/** Shanghai is eight hours ahead. */
const MAY_DAY = new Date('2024-05-01T01:00:00Z');

function by(name: Person, now: Date = MAY_DAY, scope: Scope = 'own'): Context {
  const names = ['plan', 'document'].flatMap((what) =>
    ['read', 'create', 'update'].map((verb) => `${what}:${verb}`),
  );
  const permissions = Object.fromEntries(names.map((permission) => [permission, scope]));
  return contextFor(database.orm, { actor: actorOf(organisation.people[name], permissions), now });
}

const db = () => readDb(database.orm.em.fork());
const refused = (code: string, details: object = {}): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });
const fields = (...paths: string[]): unknown =>
  refused('BAD_USER_INPUT', { fields: paths.map((path) => expect.objectContaining({ path })) });

const PARTS = { title: 'Parts', kind: PlanKind.MONTHLY, templateKey: 'monthly-parts-plan' };
const LINES = [
  { product: ' Brake pad ', outlet: 'Store 12', target: '200', stock: '5.5' },
  { product: 'Filter', target: '0.25' },
];
/** Every test plans a month of its own: a department has one plan of a kind for each. */
const newPlan = async (period: string, input: object = {}, ctx: Context = by('sue')): Promise<Plan> =>
  (await createPlan(ctx, { ...PARTS, period, lines: LINES, ...input })).plan;

const milestones = (planId: string): Promise<PlanMilestone[]> => milestonesOf(by('sue'), planId);
const statuses = async (planId: string): Promise<Record<string, string>> =>
  Object.fromEntries((await milestones(planId)).map(({ key, status }) => [key, status]));

const handIn = async (who: Person, planId: string, formKey: string, now: Date = MAY_DAY) =>
  createDocument(by(who, now), { title: formKey, formKey, planId });
const complete = async (who: Person, planId: string, key: string, now: Date = MAY_DAY) =>
  completeMilestone(by(who, now), { planId, key });

const tell = (
  subjectId: string,
  event: SubjectEvent['event'],
  now: Date = MAY_DAY,
  by_ = organisation.people.grace.id,
): Promise<void> =>
  inTransaction(by('sue', now), (tx) =>
    planSubject.apply(tx, { event, subjectId, requestId: newRowId(), by: by_, filingNumber: null }),
  );

const timersOf = (planId: string) =>
  db()
    .selectFrom('timer')
    .selectAll()
    .where('subject_id', '=', planId)
    .orderBy('due_at')
    .orderBy('key')
    .execute();
const scheduled = async (planId: string): Promise<string[]> =>
  (await timersOf(planId))
    .filter(({ state }) => state === 'SCHEDULED')
    .map(({ key }) => key.slice(planId.length + 1));

interface Chased {
  readonly kind: string;
  readonly people: readonly string[];
  readonly requestId: string | null;
  readonly textEn: string;
  readonly textZh: string;
}

/** Acts out one timer of the plan at its time; what was told, or null. */
async function chase(planId: string, key: string): Promise<Chased | null> {
  const em = database.orm.em.fork();
  const timer = await em.findOneOrFail(Timer, { key: `${planId}/${key}` });
  await inTransaction(contextFor(database.orm, { actor: null, now: timer.dueAt }), (tx) =>
    chaseMilestone(tx, timer),
  );
  const row = await db()
    .selectFrom('outbox_message')
    .select('payload')
    .where('key', '=', timer.key)
    .executeTakeFirst();
  return (row?.payload ?? null) as unknown as Chased | null;
}
const ids = (...names: Person[]): string[] => names.map((name) => organisation.people[name].id);

describe('a plan', () => {
  test('begins in DRAFT with its lines and the milestones of its template, each with its due time (X-01)', async () => {
    const wakes: Wake[] = [];
    const ctx = by('tom');
    const made = await newPlan(
      '2024-05',
      {},
      { ...ctx, services: { ...ctx.services, wake: (wake) => void wakes.push(wake) } },
    );
    expect(await plan(by('tom'), made.id)).toMatchObject({
      status: 'DRAFT',
      kind: 'MONTHLY',
      period: '2024-05',
      version: 1,
      templateKey: 'monthly-parts-plan',
    });
    expect(made.number).toMatch(/^P-2024-\d{5}$/);
    expect(await linesOf(by('sue'), made.id)).toMatchObject([
      {
        position: 1,
        product: 'Brake pad',
        outlet: 'Store 12',
        target: '200.00',
        stock: '5.50',
        forecast: null,
      },
      { position: 2, product: 'Filter', outlet: null, target: '0.25' },
    ]);
    const rows = await milestones(made.id);
    expect(
      rows.map(({ key, dueAt, status }) => [key, dueAt && new Date(dueAt).toISOString(), status]),
    ).toEqual([
      ['demand-forecast', '2024-05-06T15:59:59.999Z', 'OPEN'],
      ['stock-list', '2024-05-06T15:59:59.999Z', 'OPEN'],
      ['plan-drafted', '2024-05-10T15:59:59.999Z', 'WAITING'],
      ['plan-approved', null, 'WAITING'],
      ['stores-guided', '2024-05-15T15:59:59.999Z', 'WAITING'],
    ]);
    expect(rows[1]).toMatchObject({ titleZh: '库存清单', formKey: 'F-079', waitsFor: null });
    const timers = await timersOf(made.id);
    expect(timers).toHaveLength(16);
    expect(timers[0]).toMatchObject({
      key: `${made.id}/demand-forecast/reminder/0`,
      kind: 'milestone-reminder',
      payload: { planId: made.id, milestone: 'demand-forecast', index: 0 },
    });
    expect(new Set(wakes.map((wake) => wake.what === 'timer' && wake.id))).toEqual(
      new Set(timers.map(({ id }) => id)),
    );
  });

  test('June 2024: the 15th is a Saturday and stays the 15th', async () => {
    const made = await newPlan('2024-06');
    const due = (await milestones(made.id)).map(
      ({ dueAt }) => dueAt && new Date(dueAt).toISOString().slice(0, 10),
    );
    expect(due).toEqual(['2024-06-06', '2024-06-06', '2024-06-10', null, '2024-06-15']);
  });

  test('made late, it has no reminders of the past, but every rung', async () => {
    const made = await newPlan('2024-07', {}, by('sue', new Date('2024-07-20T00:00:00Z')));
    expect(await scheduled(made.id)).toHaveLength(8);
  });

  test('without a template it has no milestones, and there may be several', async () => {
    for (const title of ['One', 'Two']) {
      const made = await newPlan('2024', { title, kind: PlanKind.THEMATIC, templateKey: null, lines: [] });
      expect(await milestones(made.id)).toEqual([]);
    }
  });

  test('is the only one of its template, period and department, also of two at the same instant', async () => {
    const both = await Promise.allSettled([newPlan('2024-08'), newPlan('2024-08')]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(newPlan('2024-08')).rejects.toEqual(refused('ALREADY_EXISTS', { field: 'period' }));
    await newPlan('2024-08', {}, by('tom'));
  });

  test('refuses what is no plan, naming each field', async () => {
    await expect(newPlan('2024-13')).rejects.toEqual(fields('period'));
    await expect(newPlan('2024-Q1')).rejects.toEqual(fields('period'));
    await expect(newPlan('2024-09', { templateKey: 'nothing' })).rejects.toEqual(fields('templateKey'));
    await expect(newPlan('2024', { kind: PlanKind.ANNUAL })).rejects.toEqual(fields('kind'));
    const lines = [
      { product: '', target: '-1' },
      { product: 'x', target: '1', stock: '1.234' },
    ];
    await expect(newPlan('2024-09', { title: '', lines })).rejects.toEqual(
      fields('title', 'lines.0.product', 'lines.0.target', 'lines.1.stock'),
    );
    const many = Array.from({ length: 501 }, () => ({ product: 'x', target: '1' }));
    await expect(newPlan('2024-09', { lines: many })).rejects.toEqual(fields('lines'));
  });

  test('changes by its version, by someone in scope; lines are replaced', async () => {
    const { id } = await newPlan('2024-09');
    const change = async (input: object, ctx: Context = by('sue')) =>
      updatePlan(ctx, { id, expectedVersion: 1, ...input });
    await expect(change({ title: 'x' }, by('sam'))).rejects.toEqual(refused('NOT_FOUND'));
    await expect(change({ title: null })).rejects.toEqual(fields('title'));
    expect((await change({ lines: [{ product: 'Pump', target: '3' }] })).plan).toMatchObject({
      title: 'Parts',
      version: 2,
    });
    expect((await linesOf(by('sue'), id)).map(({ product }) => product)).toEqual(['Pump']);
    await expect(change({ title: 'x' })).rejects.toEqual(refused('CONFLICT'));
  });

  test('is locked in review, and final once approved; an annual plan says so', async () => {
    const { id } = await newPlan('2025', { kind: PlanKind.ANNUAL, templateKey: null });
    const change = async () =>
      updatePlan(by('sue'), { id, expectedVersion: (await plan(by('sue'), id)).version, title: 'x' });
    await tell(id, 'SUBMITTED');
    await expect(change()).rejects.toEqual(refused('SUBJECT_LOCKED', { subjectType: 'PLAN' }));
    for (const event of ['RETURNED', 'REJECTED', 'WITHDRAWN', 'CANCELLED', 'EXPIRED'] as const) {
      await tell(id, event);
      await change();
    }
    await tell(id, 'APPROVED');
    await expect(change()).rejects.toEqual(
      refused('IMMUTABLE', { reason: 'an approved annual plan is final' }),
    );
  });

  test('is listed newest first, within scope and filter', async () => {
    const list = async (filter: object, ctx: Context = by('sue')) =>
      (await plans(ctx, filter, { first: 100 })).edges.map(({ node }) => node);
    expect((await list({ period: ['2024-06', '2024-09'] })).map(({ period }) => period)).toEqual([
      '2024-09',
      '2024-06',
    ]);
    expect(
      (await list({ kind: [PlanKind.ANNUAL], status: [PlanStatus.APPROVED] })).map(({ period }) => period),
    ).toEqual(['2025']);
    expect(await list({}, by('fay'))).toEqual([]);
    expect((await list({ text: 'Two' })).map(({ title }) => title)).toEqual(['Two']);
    await expect(plan(by('fay'), (await list({}))[0]?.id as string)).rejects.toEqual(refused('NOT_FOUND'));
    expect((await planTemplates(by('fay'))).map(({ key, milestones: all }) => [key, all.length])).toEqual([
      ['monthly-parts-plan', 5],
    ]);
  });
});

describe('X-01', () => {
  test('(a) drafted on the 9th, approved on the 11th, guided on the 14th: nobody is left to chase', async () => {
    const { id } = await newPlan('2024-05');
    await handIn('sam', id, 'F-078');
    await handIn('leo', id, 'F-079');
    expect(await statuses(id)).toMatchObject({
      'demand-forecast': 'DONE',
      'stock-list': 'DONE',
      'plan-drafted': 'OPEN',
    });
    await tell(id, 'SUBMITTED', new Date('2024-05-09T02:00:00Z'), organisation.people.sue.id);
    expect(await statuses(id)).toMatchObject({
      'plan-drafted': 'DONE',
      'plan-approved': 'OPEN',
      'stores-guided': 'WAITING',
    });
    await tell(id, 'APPROVED', new Date('2024-05-11T02:00:00Z'));
    expect(await statuses(id)).toMatchObject({ 'plan-approved': 'DONE', 'stores-guided': 'OPEN' });
    const { milestone } = await complete('sam', id, 'stores-guided', new Date('2024-05-14T02:00:00Z'));
    expect(milestone).toMatchObject({ status: 'DONE', doneById: organisation.people.sam.id });
    expect(await scheduled(id)).toEqual([]);
    const done = (await milestones(id)).map(
      ({ doneAt, dueAt }) => !dueAt || new Date(String(doneAt)) <= new Date(dueAt),
    );
    expect(done).toEqual([true, true, true, true, true]);
    // Twice is once.
    await complete('sam', id, 'stores-guided', new Date('2024-05-15T02:00:00Z'));
    expect(new Date(String((await milestones(id))[4]?.doneAt)).toISOString()).toBe(
      '2024-05-14T02:00:00.000Z',
    );
  });

  test('(b) still pending on the 15th: guiding cannot start, and the chase goes to whoever must approve', async () => {
    const { id } = await newPlan('2024-10');
    await handIn('leo', id, 'F-079');
    await tell(id, 'SUBMITTED');
    await expect(complete('sam', id, 'stores-guided')).rejects.toEqual(
      refused('GATE_CLOSED', { missing: [{ milestone: 'plan-approved', title: 'Monthly plan approved' }] }),
    );
    // Without an open assignment it is the owner's turn.
    expect(await chase(id, 'stores-guided/reminder/0')).toMatchObject({
      kind: 'MILESTONE',
      people: ids('sue'),
      requestId: null,
    });
    const requestId = await anOpenAssignment(id, 'grace');
    const told = await chase(id, 'stores-guided/reminder/1');
    expect(told).toMatchObject({ people: ids('grace'), requestId });
    expect(told?.textEn).toBe(
      'Parts: “Stores guided on plan lines outside their own intention” was due on 2024-10-15; it waits for “Monthly plan approved”.',
    );
    expect(told?.textZh).toBe(
      'Parts：“引导专卖店订货”已于 2024-10-15 到期，仍未完成，正等待“月度销售打算批准”',
    );
    // The last rung tells its own people too: the head of the department and the sales manager are both Mary.
    expect((await chase(id, 'stores-guided/rung/1'))?.people).toEqual(ids('grace', 'mary'));
  });

  test('(c) no stock list on the 7th: the planner is blocked and the storage section is reminded', async () => {
    const { id } = await newPlan('2024-11');
    await handIn('sam', id, 'F-078');
    const read = await planSubject.read(by('sue'), id, 'plan:update');
    await expect(planSubject.requireSubmittable(by('sue'), read)).rejects.toEqual(
      refused('GATE_CLOSED', {
        milestone: 'plan-drafted',
        missing: [{ milestone: 'stock-list', title: 'Stock list' }],
      }),
    );
    expect((await chase(id, 'stock-list/reminder/1'))?.people).toEqual(ids('leo'));
    expect((await chase(id, 'plan-drafted/reminder/1'))?.people).toEqual(ids('leo'));
    expect(await scheduled(id)).not.toContain('demand-forecast/rung/0');
    await handIn('leo', id, 'F-079');
    expect(await statuses(id)).toMatchObject({ 'stock-list': 'DONE', 'plan-drafted': 'OPEN' });
    await planSubject.requireSubmittable(by('sue'), read);
  });
});

/** A pending request about the plan with one open assignment. */
async function anOpenAssignment(planId: string, holder: Person): Promise<string> {
  const { id: versionId } = await db()
    .selectFrom('process_version')
    .select('id')
    .where('key', '=', 'monthly-parts-plan')
    .executeTakeFirstOrThrow();
  const id = newRowId();
  const [sue] = ids('sue');
  await db()
    .insertInto('approval_request')
    .values({
      id,
      number: `A-${id}`,
      process_version_id: versionId,
      subject_type: 'PLAN',
      subject_id: planId,
      purpose: 'approval',
      status: 'PENDING',
      round: 1,
      title: 'Parts',
      subject_number: 'P',
      owner_id: sue as string,
      requester_id: sue as string,
      content: '{}',
      digest: '',
      chain_head: '',
      fact_count: 0,
      submitted_at: MAY_DAY,
    })
    .execute();
  await db()
    .insertInto('approval_assignment')
    .values({
      id: newRowId(),
      request_id: id,
      ordinal: 1,
      step_key: 'general-manager',
      round: 1,
      attempt: 1,
      person_id: organisation.people[holder].id,
      status: 'OPEN',
      rule: 'role:general-manager',
      weight: 1,
      veto: false,
      required: false,
      position: 1,
      urgent_at: MAY_DAY,
    })
    .execute();
  return id;
}

describe('milestones', () => {
  test('a stale timer tells nobody', async () => {
    const { id } = await newPlan('2024-12');
    await handIn('leo', id, 'F-079');
    expect(await chase(id, 'stock-list/rung/0')).toBeNull();
    const lost = {
      key: 'lost',
      kind: 'milestone-rung',
      payload: { planId: newRowId(), milestone: 'x', index: 0 },
    };
    await inTransaction(contextFor(database.orm, { actor: null }), (tx) => chaseMilestone(tx, lost));
    expect(await db().selectFrom('outbox_message').select('id').where('key', '=', 'lost').execute()).toEqual(
      [],
    );
  });

  test('are completed by their owner or someone responsible; to all others the plan does not exist', async () => {
    const { id } = await newPlan('2025-01');
    await expect(complete('fay', id, 'stores-guided')).rejects.toEqual(
      refused('NOT_FOUND', { what: 'plan' }),
    );
    await expect(handIn('fay', id, 'F-079')).rejects.toEqual(refused('NOT_FOUND', { what: 'plan' }));
    await expect(complete('leo', id, 'stores-guided')).rejects.toEqual(refused('FORBIDDEN'));
    await expect(complete('sue', id, 'nothing')).rejects.toEqual(refused('NOT_FOUND', { what: 'milestone' }));
    await expect(complete('sue', newRowId(), 'stores-guided')).rejects.toEqual(refused('NOT_FOUND'));
    for (const key of ['stock-list', 'plan-drafted']) {
      await expect(complete('sue', id, key)).rejects.toEqual(refused('ACTION_NOT_ALLOWED'));
    }
    await tell(id, 'APPROVED');
    await complete('sue', id, 'stores-guided');
    expect(await statuses(id)).toMatchObject({ 'stores-guided': 'DONE', 'stock-list': 'OPEN' });
  });

  test('stay done when the request is withdrawn; the approval stays undone', async () => {
    const { id } = await newPlan('2025-02');
    await handIn('leo', id, 'F-079');
    await tell(id, 'SUBMITTED', MAY_DAY, 'system');
    expect((await milestones(id))[2]).toMatchObject({ status: 'DONE', doneById: null });
    await tell(id, 'WITHDRAWN');
    expect(await plan(by('sue'), id)).toMatchObject({ status: 'DRAFT' });
    expect(await statuses(id)).toMatchObject({
      'plan-drafted': 'DONE',
      'plan-approved': 'OPEN',
      'stores-guided': 'WAITING',
    });
  });
});

describe('a plan as the engine sees it', () => {
  test('has exactly the fields that conditions read', async () => {
    const { id } = await newPlan('2025-03');
    const read = await inTransaction(by('sue'), (tx) => planSubject.load(tx, id, 'plan:update'));
    expect(Object.keys(read.content).toSorted()).toEqual(Object.keys(SUBJECT_TYPES.PLAN.fields).toSorted());
    expect(read.content).toMatchObject({
      kind: 'MONTHLY',
      template: 'monthly-parts-plan',
      period: '2025-03',
      total: 200.25,
      department: 'sales',
    });
    expect((read.content as { lines: unknown[] }).lines).toHaveLength(2);
    await expect(planSubject.read(by('sam'), id, 'plan:update')).rejects.toEqual(refused('NOT_FOUND'));
  });

  test('is submitted from DRAFT, RETURNED or REJECTED only', async () => {
    const { id } = await newPlan('2025-04', { templateKey: null });
    const submit = async (): Promise<void> => {
      await planSubject.requireSubmittable(by('sue'), await planSubject.read(by('sue'), id, 'plan:update'));
    };
    await submit();
    await tell(id, 'SUBMITTED');
    await expect(submit()).rejects.toEqual(refused('INVALID_STATE'));
    await tell(id, 'REJECTED');
    await submit();
    await tell(id, 'APPROVED');
    await expect(submit()).rejects.toEqual(refused('IMMUTABLE'));
  });
});
