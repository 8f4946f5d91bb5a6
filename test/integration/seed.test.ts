import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { seedDemo } from '../../src/commands/organisation/seed-demo.js';
import { readDb } from '../../src/entities/read-db.js';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const seed = (password: string) =>
  seedDemo((actor) => app.app.makeContext(actor), { value: password, from: 'test' });
const counts = async (): Promise<unknown> =>
  (
    await sql`select (select count(*) from app_user) as people, (select count(*) from contract) as contracts, (select count(*) from customer) as customers`.execute(
      readDb(app.app.orm.em.fork()),
    )
  ).rows;
const signIn = 'mutation ($input: SignInInput!) { signIn(input: $input) { user { email } } }';

test('starting again, also twice at once, makes nothing twice', async () => {
  const before = await counts();
  await Promise.all([seed('a password for tests'), seed('a password for tests')]);
  expect(await counts()).toEqual(before);
});

test('the password that is printed opens the door, also when it changed', async () => {
  await seed('another password');
  await app.ask(null, signIn, { input: { email: 'sales@demo.local', password: 'another password' } });
  expect(
    await app.refusal(null, signIn, { input: { email: 'gm@demo.local', password: 'a password for tests' } }),
  ).toBe('INVALID_CREDENTIALS');
});

test('a start that was cut off after the people is made good', async () => {
  const before = await counts();
  // Only the owner of the tables can: nobody else gets past the trigger that keeps receipts.
  await sql`alter table receipt disable trigger receipt_no_truncate`.execute(readDb(app.app.orm.em.fork()));
  await sql`truncate contract, customer, project, number_sequence cascade`.execute(
    readDb(app.app.orm.em.fork()),
  );
  await seed('another password');
  expect(await counts()).toEqual(before);
});
