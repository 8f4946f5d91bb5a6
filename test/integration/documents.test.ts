import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { documentSubject } from '../../src/commands/approvals/subjects/document.js';
import type { SubjectEvent } from '../../src/commands/approvals/subjects/subject.js';
import { createCustomer } from '../../src/commands/customers/create-customer.js';
import { createDocument } from '../../src/commands/documents/create-document.js';
import { updateDocument } from '../../src/commands/documents/update-document.js';
import { installPacks } from '../../src/commands/organisation/install-packs.js';
import { createProject } from '../../src/commands/projects/create-project.js';
import { inTransaction } from '../../src/commands/transaction.js';
import type { Context, Scope } from '../../src/context.js';
import { DocumentGate, DocumentStatus, type Document } from '../../src/entities/documents/document.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { document, documentsOfStage } from '../../src/queries/documents/document-by-id.js';
import { documents } from '../../src/queries/documents/documents.js';
import { stageById, stagesOf } from '../../src/queries/projects/project-stages.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
let stages: readonly string[];

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
  await installPacks(contextFor(database.orm, { actor: null }), 'packs');
  const schema = {
    type: 'object',
    properties: { pages: { type: 'integer', minimum: 1 } },
    required: ['pages'],
  };
  await db()
    .insertInto('form_template')
    .values({
      key: 'T-001',
      version: 1,
      definition: JSON.stringify({ key: 'T-001', title: { en: 'Counted' }, schema }),
    })
    .execute();
  const customerId = (await createCustomer(by('sam'), { name: 'Power Grid' })).customer.id;
  const input = { title: 'Software', templateKey: 'software-project', customerId };
  const { project } = await createProject(by('sam'), input);
  stages = (await stagesOf(by('sam'), project.id)).map(({ id }) => id);
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
const fields = (...paths: string[]): unknown =>
  refused('BAD_USER_INPUT', { fields: paths.map((path) => expect.objectContaining({ path })) });

const write = async (input: object = {}, ctx: Context = by('sam')): Promise<Document> =>
  (await createDocument(ctx, { title: 'Minutes', formKey: 'F-017', ...input })).document;
const start = (): Promise<Document> =>
  write({ formKey: 'F-001', stageId: stages[0], gate: DocumentGate.START });

const tell = (
  subjectId: string,
  event: SubjectEvent['event'],
  filingNumber: string | null = null,
): Promise<void> =>
  inTransaction(by('sam'), (tx) =>
    documentSubject.apply(tx, {
      event,
      subjectId,
      requestId: newRowId(),
      by: organisation.people.mary.id,
      filingNumber,
    }),
  );

describe('writing a document', () => {
  test('makes a DRAFT that the writer owns', async () => {
    const made = await write({ title: ' Kick-off ', data: { notes: ['a', { b: 1 }] } });
    const found = await document(by('sam'), made.id);
    expect(found).toMatchObject({
      title: 'Kick-off',
      status: 'DRAFT',
      gate: 'NONE',
      stageId: null,
      planId: null,
      data: { notes: ['a', { b: 1 }] },
      ownerId: organisation.people.sam.id,
      departmentId: organisation.departments.sales,
    });
    expect(found.number).toMatch(/^D-2026-\d{5}$/);
  });

  test('one of a stage belongs to its project’s department', async () => {
    const made = await write({ stageId: stages[0] }, by('tom', 'all'));
    expect(made.departmentId).toBe(organisation.departments.sales);
    expect((await documentsOfStage(by('sam', 'team'), stages[0] as string)).map(({ id }) => id)).toContain(
      made.id,
    );
    expect((await documentsOfStage(by('sam'), stages[0] as string)).map(({ id }) => id)).not.toContain(
      made.id,
    );
  });

  test('refuses what is no document, naming each field', async () => {
    await expect(write({ title: '', data: [] })).rejects.toEqual(fields('title', 'data'));
    await expect(write({ data: { text: 'x'.repeat(70_000) } })).rejects.toEqual(fields('data'));
    await expect(write({ gate: DocumentGate.START })).rejects.toEqual(fields('gate'));
    await expect(write({ stageId: stages[0], planId: newRowId() })).rejects.toEqual(fields('planId'));
    await expect(write({ formKey: 'F-999' })).rejects.toEqual(fields('formKey'));
    await expect(write({ formKey: 'F-002', stageId: stages[0], gate: DocumentGate.START })).rejects.toEqual(
      fields('formKey'),
    );
  });

  test('holds the data to the form’s schema', async () => {
    await expect(write({ formKey: 'T-001', data: { pages: 0 } })).rejects.toEqual(fields('data.pages'));
    await expect(write({ formKey: 'T-001' })).rejects.toEqual(fields('data.pages'));
    expect(await write({ formKey: 'T-001', data: { pages: 3, more: true } })).toMatchObject({
      data: { pages: 3, more: true },
    });
  });

  test('a stage or plan that is hidden, unknown or no id does not exist', async () => {
    for (const id of [newRowId(), 'x']) {
      await expect(write({ stageId: id })).rejects.toEqual(refused('NOT_FOUND', { what: 'stage' }));
      await expect(write({ planId: id })).rejects.toEqual(refused('NOT_FOUND', { what: 'plan' }));
    }
    await expect(write({ stageId: stages[0] }, by('fay'))).rejects.toEqual(refused('NOT_FOUND'));
    expect(await stageById(by('fay'), stages[0] as string)).toBeNull();
  });
});

describe('changing a document', () => {
  test('goes by its version, by someone in scope', async () => {
    const { id } = await write();
    const change = async (input: object, ctx: Context = by('sam')) =>
      updateDocument(ctx, { id, expectedVersion: 1, ...input });
    await expect(change({ title: 'x' }, by('sue'))).rejects.toEqual(refused('NOT_FOUND'));
    await expect(change({ data: null })).rejects.toEqual(fields('data'));
    expect((await change({ data: { a: 1 } })).document).toMatchObject({
      title: 'Minutes',
      data: { a: 1 },
      version: 2,
    });
    await expect(change({ title: 'x' })).rejects.toEqual(refused('CONFLICT'));
  });

  test('is refused in review and once effective, allowed after a return or rejection', async () => {
    const { id } = await write();
    const change = async (title: string) => {
      const { version } = await document(by('sam'), id);
      return updateDocument(by('sam'), { id, expectedVersion: version, title });
    };
    await tell(id, 'SUBMITTED');
    await expect(change('x')).rejects.toEqual(refused('SUBJECT_LOCKED', { subjectType: 'DOCUMENT' }));
    await tell(id, 'RETURNED');
    await change('after return');
    await tell(id, 'REJECTED');
    await change('after rejection');
    await tell(id, 'APPROVED', 'FN 7');
    await expect(change('x')).rejects.toEqual(refused('IMMUTABLE'));
    expect(await document(by('sam'), id)).toMatchObject({
      status: 'EFFECTIVE',
      filingNumber: 'FN 7',
      effectiveAt: expect.anything(),
    });
  });
});

describe('a document as the engine sees it', () => {
  test('has exactly the fields that conditions read', async () => {
    const { id } = await start();
    const read = await inTransaction(by('sam'), (tx) => documentSubject.load(tx, id, 'document:update'));
    expect(Object.keys(read.content).toSorted()).toEqual(
      Object.keys(SUBJECT_TYPES.DOCUMENT.fields).toSorted(),
    );
    expect(read).toMatchObject({
      amount: null,
      lastAuthorId: organisation.people.sam.id,
      content: {
        form: 'F-001',
        gate: 'START',
        template: 'software-project',
        stage: 'customer-development',
        department: 'sales',
      },
    });
    await expect(documentSubject.read(by('sue'), id, 'document:update')).rejects.toEqual(
      refused('NOT_FOUND'),
    );
    await expect(documentSubject.read(by('sue'), 'x', null)).rejects.toEqual(refused('NOT_FOUND'));
  });

  test('is submitted from DRAFT, RETURNED or REJECTED, and only while its gate waits for it', async () => {
    const submit = async (id: string): Promise<void> => {
      await documentSubject.requireSubmittable(
        by('sam'),
        await documentSubject.read(by('sam'), id, 'document:update'),
      );
    };
    const [late, early] = [await start(), await start()];
    for (const event of ['RETURNED', 'REJECTED', 'WITHDRAWN'] as const) {
      await tell(late.id, event);
      await submit(late.id);
    }
    await tell(early.id, 'SUBMITTED');
    await expect(submit(early.id)).rejects.toEqual(refused('INVALID_STATE'));
    await tell(early.id, 'APPROVED', 'FN 1');
    await expect(submit(early.id)).rejects.toEqual(refused('IMMUTABLE'));
    await expect(submit(late.id)).rejects.toEqual(
      refused('GATE_CLOSED', { reason: 'the stage has started already' }),
    );
  });
});

test('documents are listed newest first, within scope and filter', async () => {
  const list = async (filter: object, ctx: Context = by('sam')) =>
    (await documents(ctx, filter, { first: 100 })).edges.map(({ node }) => node);
  const own = await list({});
  expect(own.length).toBeGreaterThan(3);
  expect(own.map(({ number }) => number)).toEqual(
    own
      .map(({ number }) => number)
      .toSorted()
      .toReversed(),
  );
  expect(own.every(({ ownerId }) => ownerId === organisation.people.sam.id)).toBe(true);
  expect(await list({}, by('fay'))).toEqual([]);
  expect(
    (await list({ status: [DocumentStatus.EFFECTIVE], gate: [DocumentGate.START] })).map(
      ({ formKey }) => formKey,
    ),
  ).toEqual(['F-001']);
  expect((await list({ formKey: ['T-001'] })).length).toBe(1);
  expect((await list({ stageId: stages[0], text: 'nowhere' })).length).toBe(0);
  await expect(list({ planId: 'x' })).rejects.toEqual(refused('BAD_USER_INPUT'));
});
