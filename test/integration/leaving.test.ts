import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MAIL_DIGEST } from '../../src/commands/schedule/mail-payload.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { contractFlow } from '../support/contract-flow.js';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(async () => {
  expect(app.errors).toEqual([]);
  await app.close();
});
const db = () => readDb(app.app.orm.em.fork());
const make = async (name: string, input: object, fields: string): Promise<{ id: string }> => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} { id } } }`;
  return (await app.ask<Record<string, Record<string, { id: string }>>>('sales', query, { input }))[name]![
    fields
  ]!;
};

test('who leaves gives drafts of quotes and invoices away, and nothing leaves the building for them any more', async () => {
  const flow = contractFlow(app);
  const requestId = await flow.approved({ title: 'Signed' }, ['manager', 'finance', 'legal']);
  const { subject_id: contractId } = await db()
    .selectFrom('approval_request')
    .select('subject_id')
    .where('id', '=', requestId)
    .executeTakeFirstOrThrow();
  const { customer_id: customerId } = await db()
    .selectFrom('contract')
    .select('customer_id')
    .where('id', '=', contractId)
    .executeTakeFirstOrThrow();
  const amount = { amount: '100.00', currency: 'CNY' };
  const quote = await make('createQuote', { title: 'Quote', customerId, amount }, 'quote');
  const invoice = await make('createInvoice', { title: 'Invoice', contractId, amount }, 'invoice');
  const followUp = await make('createFollowUp', { title: 'Call', dueAt: '2024-05-22T01:00:00Z' }, 'followUp');
  const personId = await app.person('sales');
  await app.ask(
    'sales',
    'mutation ($input: NotificationPreferencesInput!) { setNotificationPreferences(input: $input) { __typename } }',
    { input: { digestHour: 7 } },
  );
  await app.ask('sales', 'mutation { createCalendarFeed { __typename } }');
  const digest = {
    id: newRowId(),
    key: `digest/${personId}/2024-05-21`,
    kind: MAIL_DIGEST,
    subject_id: personId,
    due_at: new Date('2024-05-21T00:00:00Z'),
    state: 'SCHEDULED',
    payload: '{}',
  };
  await db().insertInto('timer').values(digest).execute();

  const { deactivatePerson } = await app.ask<{
    deactivatePerson: { moved: { what: string; count: number }[] };
  }>(
    'admin',
    'mutation ($input: DeactivatePersonInput!) { deactivatePerson(input: $input) { moved { what count } } }',
    { input: { personId, successorId: await app.person('manager'), reason: 'moved away', force: true } },
  );
  expect(deactivatePerson.moved).toEqual(
    expect.arrayContaining([
      { what: 'quote', count: 1 },
      { what: 'invoice', count: 1 },
    ]),
  );
  const successor = await app.person('manager');
  const ownerOf = async (table: 'quote' | 'invoice', id: string): Promise<string> =>
    (await db().selectFrom(table).select('owner_id').where('id', '=', id).executeTakeFirstOrThrow()).owner_id;
  expect(await ownerOf('quote', quote.id)).toBe(successor);
  expect(await ownerOf('invoice', invoice.id)).toBe(successor);
  const { person_id } = await db()
    .selectFrom('follow_up')
    .select('person_id')
    .where('id', '=', followUp.id)
    .executeTakeFirstOrThrow();
  expect(person_id).toBe(successor);
  const { state } = await db()
    .selectFrom('timer')
    .select('state')
    .where('id', '=', digest.id)
    .executeTakeFirstOrThrow();
  expect(state).toBe('CANCELLED');
  for (const table of ['calendar_feed', 'notification_preference'] as const)
    expect([
      table,
      await db().selectFrom(table).select('id').where('person_id', '=', personId).execute(),
    ]).toEqual([table, []]);
});
