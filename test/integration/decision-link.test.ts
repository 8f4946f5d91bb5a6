import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';
import { openOutside } from '../../src/app.js';
import { decideByLink } from '../../src/commands/approvals/decision-link.js';
import { sendOutbox } from '../../src/commands/schedule/send-outbox.js';
import type { Config } from '../../src/config.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { DECISION_LINK_HOURS, LINK_TRIES } from '../../src/limits.js';
import { contractFlow, type ContractFlow, type FlowRequest } from '../support/contract-flow.js';
import { mailServer, type MailServer } from '../support/mail-server.js';
import { publishProcess } from '../support/publish-process.js';
import { tableChecksums } from '../support/table-checksums.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let server: MailServer;
let flow: ContractFlow;
let outside: ReturnType<typeof openOutside>;
const db = () => readDb(app.app.orm.em.fork());

const step = (more: object): object => ({
  key: 'review',
  kind: 'approve',
  title: { en: 'Manager’s <em>review</em>', zh: '经理评审' },
  approvers: [{ rule: 'manager', of: 'requester' }],
  requireComment: 'never',
  mailDecision: true,
  ...more,
});

beforeAll(async () => {
  server = await mailServer();
  const mail: Partial<Config> = {
    mail: {
      host: '127.0.0.1',
      port: server.port,
      tls: 'none',
      user: undefined,
      password: undefined,
      passwordFile: undefined,
      from: 'noreply@mail.example',
    },
    publicUrl: 'https://approvals.example',
  };
  app = await testApp(mail);
  outside = openOutside(mail as Config);
  flow = contractFlow(app);
  const { em } = app.app.orm;
  await publishProcess(em.fork(), 'by-mail', [step({})]);
  await publishProcess(em.fork(), 'with-words', [step({ requireComment: 'on-rejection' })]);
  await publishProcess(em.fork(), 'signed-in', [step({ mailDecision: undefined })]);
  await publishProcess(em.fork(), 'fresh', [step({ requireFreshSignIn: 10 })]);
});
afterAll(async () => {
  outside.close();
  await app.close();
  await server.close();
});
beforeEach(async () => {
  app.moveTo(START);
  server.mails.length = 0;
  for (const table of ['sign_in_attempt', 'outbox_message', 'notification'] as const)
    await db().deleteFrom(table).execute();
  await db().updateTable('app_user').set({ active: true, language: 'en' }).execute();
});

interface Links {
  readonly request: FlowRequest;
  readonly approve: string;
  readonly reject: string;
}

/** Submits a contract; the paths of the links that its approver, the manager, gets by mail. */
async function links(signingMode = 'by-mail', fields: object = {}): Promise<Links> {
  const request = await flow.submit(await flow.create({ signingMode, ...fields }));
  await mailsSent();
  const text = mailTo('manager');
  const path = (word: string): string =>
    new RegExp(`^${word}: https://approvals\\.example(/decision/[\\w-]{43})$`, 'm').exec(text)?.[1] ?? '';
  return { request, approve: path('Approve'), reject: path('Reject') };
}
const mailTo = (person: string): string =>
  server.mails.find(({ to }) => to?.[0]?.address === `${person}@demo.local`)?.text ?? '';
async function mailsSent(): Promise<void> {
  await app.sweep();
  await sendOutbox(app.app.makeContext(), outside.channels);
}

interface Page {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}
async function ask(
  method: 'GET' | 'HEAD' | 'POST',
  url: string,
  payload?: string,
  headers: Record<string, string> = {},
): Promise<Page> {
  const type = payload === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await app.app.http!.inject({
    method,
    url,
    headers: { ...type, ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: response.statusCode, body: response.body, headers: response.headers };
}
const formOf = (page: Page): string =>
  `confirm=${/name="confirm" value="([\w-]+)"/.exec(page.body)?.[1] ?? 'none'}`;
const follow = async (path: string, headers?: Record<string, string>): Promise<Page> =>
  ask('POST', path, formOf(await ask('GET', path)), headers);
const status = async ({ id }: FlowRequest): Promise<string> => (await flow.view(id)).status;

describe('a link in a mail', () => {
  test('shows what it would decide, and opening it changes nothing, however often', async () => {
    const { request, approve } = await links('by-mail', { title: 'Pumps <script>alert(1)</script> "x"' });
    const before = await tableChecksums(app.app.orm.em.fork());
    const pages = [
      await ask('GET', approve),
      await ask('GET', approve),
      await ask('GET', approve),
      await ask('HEAD', approve),
    ];
    expect(await tableChecksums(app.app.orm.em.fork())).toEqual(before);
    expect(pages.map((page) => page.status)).toEqual([200, 200, 200, 200]);
    const [page] = pages as [Page];
    expect(page.body).toContain('Pumps &lt;script&gt;alert(1)&lt;/script&gt; &quot;x&quot;');
    expect(page.body).toContain('Manager’s &lt;em&gt;review&lt;/em&gt;');
    expect(page.body).toContain(request.number);
    expect(page.body).toContain('CNY 120000.00');
    expect(page.body).not.toMatch(/<script|https?:\/\//);
    expect(page.headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(await status(request)).toBe('PENDING');
  });

  test('decides once, by the path of every decision; the trail says that it came by a link', async () => {
    const { request, approve, reject } = await links();
    const page = await ask('GET', approve);
    const done = await ask('POST', approve, formOf(page), { 'sec-fetch-site': 'same-origin' });
    expect([done.status, done.body]).toEqual([200, expect.stringContaining('You have approved it.')]);
    expect(await status(request)).toBe('APPROVED');
    const again = await ask('POST', approve, formOf(page));
    expect([again.status, again.body]).toEqual([409, expect.stringContaining('already been decided')]);
    expect((await ask('GET', approve)).body).toContain('already been decided');
    expect((await follow(reject)).status).toBe(409);
    expect(await status(request)).toBe('APPROVED');
    const { approvalRequest } = await app.ask<{
      approvalRequest: { events: { type: string; fact: Record<string, unknown> }[] };
    }>('sales', 'query ($id: ID!) { approvalRequest(id: $id) { events { type fact } } }', { id: request.id });
    expect(approvalRequest.events.find(({ type }) => type === 'DECIDED')?.fact).toMatchObject({
      decision: 'APPROVED',
      via: 'MAIL_LINK',
      by: await app.person('manager'),
    });
  });

  test('decides once when it is sent by twenty hands at the same instant', async () => {
    const { request, approve } = await links();
    const form = formOf(await ask('GET', approve));
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('POST', approve, form)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => ![200, 409, 404].includes(answer.status))).toEqual([]);
    expect(await status(request)).toBe('APPROVED');
  });

  test('rejects, and speaks the language of its person', async () => {
    await db()
      .updateTable('app_user')
      .set({ language: 'zh' })
      .where('email', '=', 'manager@demo.local')
      .execute();
    const request = await flow.submit(await flow.create({ signingMode: 'by-mail' }));
    await mailsSent();
    const path = /拒绝: https:\/\/approvals\.example(\S+)/.exec(mailTo('manager'))?.[1] ?? '';
    const page = await ask('GET', path);
    expect(page.body).toContain('确认拒绝此申请？');
    expect(page.body).toContain('经理评审');
    expect((await follow(path)).body).toContain('您已拒绝。');
    expect(await status(request)).toBe('REJECTED');
  });

  test('is not given where the definition does not, or a step demands more than a yes', async () => {
    for (const mode of ['signed-in', 'fresh']) {
      server.mails.length = 0;
      expect(await links(mode)).toMatchObject({ approve: '', reject: '' });
      expect(server.mails).toHaveLength(1);
    }
    server.mails.length = 0;
    const { approve, reject } = await links('with-words');
    expect([approve !== '', reject]).toEqual([true, '']);
  });

  test('asks for a sign-in where its decision needs words', async () => {
    const { request, approve } = await links('with-words');
    const form = formOf(await ask('GET', approve));
    await db().updateTable('decision_link').set({ decision: 'REJECT' }).execute();
    const page = await ask('GET', approve);
    expect(page.body).toContain('Sign in to decide.');
    expect(page.body).toContain('This decision needs a comment.');
    expect(page.body).not.toContain('<form');
    expect((await ask('POST', approve, form)).status).toBe(409);
    const token = approve.slice('/decision/'.length);
    await expect(
      decideByLink(app.app.makeContext(), token, form.slice('confirm='.length)),
    ).rejects.toMatchObject({ code: 'COMMENT_REQUIRED' });
    expect(await status(request)).toBe('PENDING');
  });

  test('expires', async () => {
    const { request, approve } = await links();
    const form = formOf(await ask('GET', approve));
    app.moveTo(new Date(START.getTime() + DECISION_LINK_HOURS * 3_600_000 - 1));
    expect((await ask('GET', approve)).body).toContain('<form');
    app.moveTo(new Date(START.getTime() + DECISION_LINK_HOURS * 3_600_000));
    expect((await ask('GET', approve)).body).toContain('expired');
    expect((await ask('POST', approve, form)).status).toBe(409);
    const token = approve.slice('/decision/'.length);
    await expect(
      decideByLink(app.app.makeContext(), token, form.slice('confirm='.length)),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await status(request)).toBe('PENDING');
    app.moveTo(new Date(START.getTime() + 40 * 86_400_000));
    await app.sweep();
    expect((await ask('GET', approve)).status).toBe(404);
  });

  test('is void once its person has left', async () => {
    const { request, approve } = await links();
    const form = formOf(await ask('GET', approve));
    await db()
      .updateTable('app_user')
      .set({ active: false })
      .where('email', '=', 'manager@demo.local')
      .execute();
    expect((await ask('GET', approve)).status).toBe(404);
    expect((await ask('POST', approve, form)).status).toBe(404);
    await expect(
      decideByLink(app.app.makeContext(), approve.slice('/decision/'.length), form.slice('confirm='.length)),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await status(request)).toBe('PENDING');
  });

  test('is void once the turn was handed on, or decided elsewhere', async () => {
    const handed = await links();
    const { steps } = await flow.view(handed.request.id);
    await app.ask(
      'manager',
      'mutation ($input: TransferInput!) { transferAssignment(input: $input) { request { id } } }',
      { input: { assignmentId: steps[0]!.assignments[0]!.id, toUserId: await app.person('director') } },
    );
    expect((await follow(handed.approve)).body).toContain('no longer yours');
    expect(await status(handed.request)).toBe('PENDING');
    server.mails.length = 0;
    const decided = await links();
    await flow.act('manager', 'reject', decided.request.id);
    expect((await follow(decided.approve)).body).toContain('already been decided');
    expect(await status(decided.request)).toBe('REJECTED');
  });

  test('gives nobody a decision that is not theirs: an interest, another’s turn, the requester’s own', async () => {
    const { request, approve } = await links();
    const form = formOf(await ask('GET', approve));
    const personId = await app.person('manager');
    await db()
      .insertInto('approval_interest')
      .values({ id: newRowId(), request_id: request.id, person_id: personId, because: 'BENEFICIARY' })
      .execute();
    const page = await ask('GET', approve);
    expect(page.body).toContain('with an interest');
    expect((await ask('POST', approve, form)).status).toBe(409);
    const token = approve.slice('/decision/'.length);
    const attempt = () => decideByLink(app.app.makeContext(), token, form.slice('confirm='.length));
    await expect(attempt()).rejects.toMatchObject({ code: 'INTERESTED_PERSON' });
    for (const other of ['sales', 'finance']) {
      await db()
        .updateTable('decision_link')
        .set({ person_id: await app.person(other) })
        .execute();
      expect((await ask('POST', approve, form)).status).toBe(409);
      await expect(attempt()).rejects.toMatchObject({ code: 'NOT_YOUR_ASSIGNMENT' });
    }
    expect(await status(request)).toBe('PENDING');
  });

  test('needs the form of its own page, from this site', async () => {
    const { request, approve, reject } = await links();
    const form = formOf(await ask('GET', approve));
    const other = formOf(await ask('GET', reject));
    expect((await ask('POST', approve)).status).toBe(400);
    expect((await ask('POST', approve, 'confirm=')).status).toBe(400);
    expect((await ask('POST', approve, other)).status).toBe(400);
    expect((await ask('POST', approve, form, { 'sec-fetch-site': 'cross-site' })).status).toBe(400);
    expect((await ask('POST', approve, form, { 'sec-fetch-site': 'same-site' })).status).toBe(400);
    const json = { 'content-type': 'application/json' };
    expect((await ask('POST', approve, JSON.stringify({ confirm: form.slice(8) }), json)).status).toBe(400);
    expect(await status(request)).toBe('PENDING');
    expect((await ask('POST', approve, form)).status).toBe(200);
  });

  test('keeps its token out of the database', async () => {
    const { approve } = await links();
    const { rows } = await sql<{ text: string }>`select l::text as text from decision_link l
      union all select o::text from outbox_message o`.execute(db());
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.filter(({ text }) => text.includes(approve.slice('/decision/'.length)))).toEqual([]);
  });

  test('that is guessed leads nowhere, and after some the guesser waits', async () => {
    const { request, approve } = await links();
    const token = approve.slice('/decision/'.length);
    const tampered = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    expect((await ask('GET', `/decision/${tampered}`)).status).toBe(404);
    const answers: number[] = [];
    for (let index = 0; index <= LINK_TRIES; index += 1)
      answers.push((await ask('GET', `/decision/${randomBytes(32).toString('base64url')}`)).status);
    expect(answers[0]).toBe(404);
    expect(answers.at(-1)).toBe(429);
    expect((await ask('GET', approve)).status).toBe(200);
    expect(await status(request)).toBe('PENDING');
  });

  test('never answers with a fault of ours, whatever is sent', async () => {
    const { request, approve } = await links();
    const anything = fc.record({
      method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'),
      token: fc.oneof(
        fc.constant(approve.slice('/decision/'.length)),
        fc.string({ maxLength: 60 }).map(encodeURIComponent),
        fc.base64String({ maxLength: 60 }).map((text) => text.replaceAll('/', '_')),
        fc.constantFrom('', '..', '%00', '%', '%ff', '%2e%2e%2f', 'a'.repeat(5000)),
      ),
      type: fc.constantFrom(
        'application/x-www-form-urlencoded',
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=x',
        '',
        'x',
      ),
      payload: fc.oneof(
        fc.string({ maxLength: 100 }),
        fc.string({ maxLength: 60 }).map((text) => `confirm=${text}`),
        fc.constant(`confirm=${'x'.repeat(5000)}`),
        fc.constant('confirm=%00%ff&confirm=a'),
      ),
      language: fc.constantFrom('zh', 'en', ';;q=,', ''),
    });
    await fc.assert(
      fc.asyncProperty(anything, async ({ method, token, type, payload, language }) => {
        const response = await app.app.http!.inject({
          method: method as 'GET',
          url: `/decision/${token}`,
          headers: { 'accept-language': language, ...(type === '' ? {} : { 'content-type': type }) },
          ...(method === 'GET' || method === 'HEAD' ? {} : { payload }),
        });
        expect(response.statusCode).toBeLessThan(500);
        expect(response.body).not.toMatch(/INTERNAL|\bat .*\.js:/);
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 300) },
    );
    expect(await status(request)).toBe('PENDING');
    expect(app.errors).toEqual([]);
  });
});
