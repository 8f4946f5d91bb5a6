import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { documentSubject } from '../../src/commands/approvals/subjects/document.js';
import { projectSubject } from '../../src/commands/approvals/subjects/project.js';
import type { SubjectEvent } from '../../src/commands/approvals/subjects/subject.js';
import { createCustomer } from '../../src/commands/customers/create-customer.js';
import { createDocument } from '../../src/commands/documents/create-document.js';
import { installPacks } from '../../src/commands/organisation/install-packs.js';
import { createProject } from '../../src/commands/projects/create-project.js';
import { missingDocuments } from '../../src/commands/projects/missing-documents.js';
import { updateProject } from '../../src/commands/projects/update-project.js';
import { inTransaction } from '../../src/commands/transaction.js';
import type { Context, Scope } from '../../src/context.js';
import { DocumentGate } from '../../src/entities/documents/document.js';
import { ProjectStatus } from '../../src/entities/projects/project.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { project } from '../../src/queries/projects/project-by-id.js';
import { gatesOf, stagesOf, type StageRow } from '../../src/queries/projects/project-stages.js';
import { projectTemplates } from '../../src/queries/projects/project-templates.js';
import { projects } from '../../src/queries/projects/projects.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
let customerId: string;

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
  await installPacks(contextFor(database.orm, { actor: null }), 'packs');
  customerId = (await createCustomer(by('sam'), { name: 'Power Grid' })).customer.id;
});
afterAll(() => database.close());

/** A new operation of the person, whose every permission has this scope. */
function by(name: keyof TestOrganisation['people'], scope: Scope = 'own', now: Date = MONDAY): Context {
  const names = ['customer', 'project', 'document'].flatMap((what) =>
    ['read', 'create', 'update'].map((verb) => `${what}:${verb}`),
  );
  const permissions = Object.fromEntries(names.map((permission) => [permission, scope]));
  return contextFor(database.orm, { actor: actorOf(organisation.people[name], permissions), now });
}

const db = () => readDb(database.orm.em.fork());
const refused = (code: string, details: object = {}): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

const newProject = async (fields: object = {}) =>
  createProject(by('sam'), {
    title: 'Field-service software',
    templateKey: 'software-project',
    customerId,
    ...fields,
  });

const states = async (projectId: string): Promise<string> => {
  const initial: Record<string, string> = { NOT_STARTED: '-', STARTING: 's', RUNNING: 'R', CLOSED: 'C' };
  return (await stagesOf(by('sam'), projectId)).map(({ status }) => initial[status]).join('');
};
const stage = async (projectId: string, number: number): Promise<StageRow> =>
  (await stagesOf(by('sam'), projectId))[number - 1] as StageRow;

async function write(
  projectId: string,
  number: number,
  gate: 'START' | 'RESULT' | 'NONE',
  formKey: string,
): Promise<string> {
  const { id } = await stage(projectId, number);
  const { document } = await createDocument(by('sam'), {
    title: formKey,
    formKey,
    stageId: id,
    gate: DocumentGate[gate],
    data: {},
  });
  return document.id;
}

const tell = (
  documentId: string,
  event: SubjectEvent['event'],
  filingNumber: string | null = null,
): Promise<void> =>
  inTransaction(by('sam'), (tx) =>
    documentSubject.apply(tx, {
      event,
      subjectId: documentId,
      requestId: newRowId(),
      by: organisation.people.mary.id,
      filingNumber,
    }),
  );

/** Writes a document and has it approved and filed. */
async function file(
  projectId: string,
  number: number,
  gate: 'START' | 'RESULT',
  ...forms: string[]
): Promise<void> {
  for (const form of forms) await tell(await write(projectId, number, gate, form), 'APPROVED', `FN ${form}`);
}

describe('a project', () => {
  test('begins in DRAFT with the stages of its template, the first STARTING', async () => {
    const { project: made } = await newProject({ amount: { amount: '120000', currency: 'CNY' } });
    const found = await project(by('sam'), made.id);
    expect(found).toMatchObject({
      status: 'DRAFT',
      amount: '120000.00',
      currency: 'CNY',
      version: 1,
      customerId,
    });
    expect(found.number).toMatch(/^J-2026-\d{5}$/);
    expect(await states(made.id)).toBe('s-------');
    expect(await stage(made.id, 8)).toMatchObject({
      key: 'market-maintenance',
      position: 8,
      titleZh: '市场维护',
    });
  });

  test('stays on the template version it began with', async () => {
    const { project: old } = await newProject();
    const { definition } = await db()
      .selectFrom('project_template')
      .select('definition')
      .where('key', '=', 'software-project')
      .executeTakeFirstOrThrow();
    const later = { ...(definition as { stages: object[] }), version: 9 };
    await db()
      .insertInto('project_template')
      .values({
        id: newRowId(),
        key: 'software-project',
        version: 9,
        definition: JSON.stringify({ ...later, stages: later.stages.slice(0, 2) }),
      })
      .execute();
    const { project: fresh } = await newProject();
    expect([await states(old.id), await states(fresh.id)]).toEqual(['s-------', 's-']);
    expect(
      (await projectTemplates(by('sam'))).map(({ key, version, stages }) => [key, version, stages.length]),
    ).toEqual([['software-project', 9, 2]]);
    await db().deleteFrom('project_stage').where('project_id', '=', fresh.id).execute();
    await db().deleteFrom('project').where('id', '=', fresh.id).execute();
    await db().deleteFrom('project_template').where('version', '=', 9).execute();
  });

  test('refuses an unknown template, a hidden customer and an empty title, naming each', async () => {
    await expect(newProject({ templateKey: 'nothing' })).rejects.toEqual(refused('BAD_USER_INPUT'));
    await expect(newProject({ customerId: newRowId() })).rejects.toEqual(refused('BAD_USER_INPUT'));
    await expect(newProject({ customerId: 'x' })).rejects.toEqual(refused('BAD_USER_INPUT'));
    await expect(newProject({ title: ' ', amount: { amount: '-1', currency: 'yuan' } })).rejects.toEqual(
      refused('BAD_USER_INPUT', {
        fields: ['title', 'amount.amount', 'amount.currency'].map((path) =>
          expect.objectContaining({ path }),
        ),
      }),
    );
    const nobody = contextFor(database.orm, { actor: null });
    expect(() => createProject(nobody, { title: 'x', templateKey: 'x', customerId })).toThrow(
      refused('UNAUTHENTICATED'),
    );
  });

  test('changes by its version, and not once it has ended or while it is being approved', async () => {
    const { project: made } = await newProject();
    const change = async (fields: object, scope: Scope = 'own', who: 'sam' | 'sue' = 'sam') =>
      updateProject(by(who, scope), { id: made.id, expectedVersion: 1, ...fields });
    await expect(change({ title: 'x' }, 'own', 'sue')).rejects.toEqual(refused('NOT_FOUND'));
    const { project: changed } = await change({ title: ' New ', amount: { amount: '7.5', currency: 'EUR' } });
    expect(changed).toMatchObject({ title: 'New', amount: '7.50', currency: 'EUR', version: 2 });
    await expect(change({ title: 'x' })).rejects.toEqual(refused('CONFLICT'));
    await expect(change({ expectedVersion: 2, customerId: newRowId() })).rejects.toEqual(
      refused('BAD_USER_INPUT'),
    );
    await expect(change({ expectedVersion: 2, title: null })).rejects.toEqual(refused('BAD_USER_INPUT'));
    await db().updateTable('project').set({ status: 'COMPLETED' }).where('id', '=', made.id).execute();
    await expect(change({ expectedVersion: 2, title: 'x' })).rejects.toEqual(refused('IMMUTABLE'));
  });

  test('is listed newest first, within the viewer’s scope, by keyset', async () => {
    const first = await projects(by('sam'), { text: 'field-SERVICE' }, { first: 1 });
    expect(first.edges).toHaveLength(1);
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = await projects(
      by('sam'),
      { text: 'field-SERVICE' },
      { first: 100, after: first.pageInfo.endCursor },
    );
    const ids = [...first.edges, ...second.edges].map(({ node }) => node.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await first.totalCount()).toBe(ids.length);
    expect((await projects(by('sue'), null, {})).edges).toEqual([]);
    expect(
      (await projects(by('sue', 'team'), { status: [ProjectStatus.COMPLETED] }, {})).edges.length,
    ).toBeGreaterThan(0);
    await expect(project(by('sue'), ids[0] as string)).rejects.toEqual(refused('NOT_FOUND'));
    await expect(project(by('sue'), 'nonsense')).rejects.toEqual(refused('NOT_FOUND'));
  });
});

describe('initiation', () => {
  test('is submitted before the first stage opens, with exactly the fields that conditions read', async () => {
    const { project: made } = await newProject();
    const read = await projectSubject.read(by('sam'), made.id, 'project:update');
    expect(Object.keys(read.content).toSorted()).toEqual(
      Object.keys(SUBJECT_TYPES.PROJECT.fields).toSorted(),
    );
    expect(read.content).toMatchObject({
      template: 'software-project',
      stage: 'customer-development',
      customerLevel: 'C',
      department: 'sales',
      amount: 0,
    });
    await projectSubject.requireSubmittable(by('sam'), read);
    await expect(projectSubject.read(by('sue'), made.id, 'project:update')).rejects.toEqual(
      refused('NOT_FOUND'),
    );
    await file(made.id, 1, 'START', 'F-001');
    const running = await inTransaction(by('sam'), (tx) =>
      projectSubject.load(tx, made.id, 'project:update'),
    );
    await expect(projectSubject.requireSubmittable(by('sam'), running)).rejects.toEqual(
      refused('INVALID_STATE'),
    );
  });
});

describe('X-09: the gates of S-01', () => {
  test('approved but unfiled opens nothing: the document is still in review', async () => {
    const { project: made } = await newProject();
    const start = await write(made.id, 1, 'START', 'F-001');
    await tell(start, 'SUBMITTED');
    expect(await states(made.id)).toBe('s-------');
    await expect(write(made.id, 1, 'RESULT', 'F-014')).rejects.toEqual(
      refused('GATE_CLOSED', { missing: [expect.objectContaining({ form: 'F-001', gate: 'START' })] }),
    );
    await expect(write(made.id, 2, 'START', 'F-002')).rejects.toEqual(refused('GATE_CLOSED'));
    await tell(start, 'APPROVED', 'FN 1');
    expect(await states(made.id)).toBe('R-------');
    expect(await project(by('sam'), made.id)).toMatchObject({ status: 'RUNNING' });
    expect((await stage(made.id, 1)).startedAt).not.toBeNull();
  });

  test('a rejected or withdrawn document leaves its gate closed', async () => {
    const { project: made } = await newProject();
    const start = await write(made.id, 1, 'START', 'F-001');
    for (const event of [
      'SUBMITTED',
      'RETURNED',
      'RESUBMITTED',
      'REJECTED',
      'WITHDRAWN',
      'CANCELLED',
      'EXPIRED',
    ] as const) {
      await tell(start, event);
      expect(await states(made.id)).toBe('s-------');
    }
  });

  test('all eight stages; a tendered contract needs both papers, the last stage both start documents', async () => {
    const { project: made } = await newProject();
    const { id } = made;
    await file(id, 1, 'START', 'F-001');
    await file(id, 1, 'RESULT', 'F-014');
    expect(await states(id)).toBe('R-------');
    await file(id, 1, 'RESULT', 'F-015');
    expect(await states(id)).toBe('Cs------');
    await file(id, 2, 'START', 'F-002');
    // the trust plan is written three times; stage 3 stays locked until the result is filed.
    for (let version = 1; version <= 3; version += 1) {
      await tell(await write(id, 2, 'NONE', 'F-022'), 'APPROVED', `FN ${version}`);
      expect(await states(id)).toBe('CR------');
      await expect(write(id, 3, 'START', 'F-003')).rejects.toEqual(refused('GATE_CLOSED'));
    }
    await file(id, 2, 'RESULT', 'F-023');
    await file(id, 3, 'START', 'F-003');
    await file(id, 3, 'RESULT', 'F-025');
    await file(id, 4, 'START', 'F-004');
    await file(id, 4, 'RESULT', 'F-032');
    expect(await states(id)).toBe('CCCR----');
    expect(
      missingDocuments(await gatesOf(by('sam'), id), 'promotion-negotiation', 'zh').map(
        ({ formKey }) => formKey,
      ),
    ).toEqual(['F-031']);
    await file(id, 4, 'RESULT', 'F-032-report');
    expect(await states(id)).toBe('CCCCs---');
    await file(id, 5, 'START', 'contract-signing-special-plan');
    await file(id, 5, 'RESULT', 'F-034');
    await file(id, 6, 'START', 'implementation-special-plan');
    await file(id, 6, 'RESULT', 'F-036', 'F-036-voucher');
    await file(id, 7, 'START', 'F-005');
    await file(id, 7, 'RESULT', 'F-039');
    await file(id, 8, 'START', 'F-006');
    expect(await states(id)).toBe('CCCCCCCs');
    expect(missingDocuments(await gatesOf(by('sam'), id), 'market-maintenance', 'zh')).toEqual([
      { formKey: 'F-007', gate: 'START', title: '市场服务维护专题计划' },
    ]);
    expect(missingDocuments(await gatesOf(by('sam'), id), 'project-intention', 'en')).toEqual([]);
    await file(id, 8, 'START', 'F-007');
    expect(await states(id)).toBe('CCCCCCCR');
    await file(id, 8, 'RESULT', 'F-042', 'F-043', 'F-044');
    expect(await states(id)).toBe('CCCCCCCC');
    expect(await project(by('sam'), id)).toMatchObject({ status: 'COMPLETED' });
    await expect(write(id, 8, 'RESULT', 'F-042')).rejects.toEqual(refused('GATE_CLOSED'));
  });

  test('a project that was put aside takes no documents and does not move', async () => {
    const { project: made } = await newProject();
    const start = await write(made.id, 1, 'START', 'F-001');
    await db().updateTable('project').set({ status: 'SUSPENDED' }).where('id', '=', made.id).execute();
    await expect(write(made.id, 1, 'START', 'F-001')).rejects.toEqual(refused('INVALID_STATE'));
    await tell(start, 'APPROVED', 'FN 1');
    expect(await states(made.id)).toBe('s-------');
  });
});
