import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openOutside } from '../../src/app.js';
import { sendOutbox } from '../../src/commands/schedule/send-outbox.js';
import { mailChannel } from '../../src/commands/schedule/send-mail.js';
import { openSmtp } from '../../src/commands/schedule/smtp.js';
import type { Config } from '../../src/config.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { SEND_LEASE_SECONDS } from '../../src/limits.js';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { mailServer, type MailServer, type ReceivedMail } from '../support/mail-server.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let server: MailServer;
let flow: ContractFlow;
let outside: ReturnType<typeof openOutside>;
let mailConfig: Pick<Config, 'mail' | 'publicUrl' | 'frontendUrl'>;
const db = () => readDb(app.app.orm.em.fork());
const send = () => sendOutbox(app.app.makeContext(), outside.channels);
const wait = (seconds: number): void => app.moveTo(new Date(app.now().getTime() + seconds * 1000));

beforeAll(async () => {
  server = await mailServer();
  mailConfig = {
    mail: {
      host: '127.0.0.1',
      port: server.port,
      tls: 'none',
      user: undefined,
      password: undefined,
      passwordFile: undefined,
      from: 'Countersign <noreply@mail.example>',
    },
    publicUrl: 'https://approvals.example',
    frontendUrl: 'https://app.example',
  };
  app = await testApp(mailConfig);
  outside = openOutside({ ...mailConfig } as Config);
  flow = contractFlow(app);
});
afterAll(async () => {
  outside.close();
  await app.close();
  await server.close();
});
beforeEach(async () => {
  app.moveTo(START);
  server.mails.length = 0;
  server.mood = { does: 'take' };
  server.onTaken = null;
  for (const table of ['outbox_message', 'notification_preference', 'notification'] as const)
    await db().deleteFrom(table).execute();
  await db().deleteFrom('timer').execute();
  await db().updateTable('app_user').set({ language: 'en', active: true }).execute();
});

const preferences = (as: string, input: object) =>
  app.ask(
    as,
    'mutation ($input: NotificationPreferencesInput!) { setNotificationPreferences(input: $input) { preferences { digestHour } } }',
    { input },
  );
/** Tells people something, as a decision would. */
async function tell(people: readonly string[], more: object = {}): Promise<string> {
  const key = newRowId();
  const ids = await Promise.all(people.map((name) => app.person(name)));
  const payload = { kind: 'REMINDED', people: ids, textEn: 'Still waits', textZh: '仍待处理', ...more };
  await db()
    .insertInto('outbox_message')
    .values({
      id: newRowId(),
      key,
      channel: 'in-app',
      payload: JSON.stringify(payload),
      created_at: app.now(),
      next_try_at: app.now(),
    })
    .execute();
  return key;
}
const mailRows = () =>
  db()
    .selectFrom('outbox_message')
    .select(['id', 'key', 'receiver', 'state', 'tries', 'last_error', 'next_try_at'])
    .where('channel', '=', 'mail')
    .orderBy('key')
    .execute();
const tos = (): string[] => server.mails.map(({ to }) => to?.[0]?.address ?? '').toSorted();
const header = (mail: ReceivedMail, name: string): string | undefined =>
  mail.headers.find(({ key }) => key === name)?.value;

describe('a mail', () => {
  test('goes to whoever is asked, as text and HTML, in their language, and says that a machine sent it', async () => {
    await db()
      .updateTable('app_user')
      .set({ language: 'zh' })
      .where('email', '=', 'manager@demo.local')
      .execute();
    const request = await flow.submit(await flow.create({ title: 'Würfel & <b>Söhne</b> “A”' }));
    await app.sweep();
    expect(await send()).toMatchObject({ delivered: 1, failed: 0, dead: 0 });
    const [mail] = server.mails as [ReceivedMail];
    expect(mail.to).toEqual([expect.objectContaining({ address: 'manager@demo.local' })]);
    expect(mail.from).toMatchObject({ address: 'noreply@mail.example', name: 'Countersign' });
    expect(mail.subject).toBe(`待您审批：Würfel & <b>Söhne</b> “A”（${request.number}）`);
    expect(mail.text).toContain('Würfel & <b>Söhne</b> “A”：请处理“销售经理评审”');
    expect(mail.text).toContain(`https://app.example/requests/${request.id}`);
    expect(mail.html).toContain('Würfel &amp; &lt;b&gt;Söhne&lt;/b&gt;');
    expect(mail.html).not.toContain('<b>');
    expect(mail.html).not.toMatch(/<(img|script|link|iframe)/);
    expect(mail.html).toContain('https://app.example/settings/notifications');
    expect(mail.raw).toMatch(/content-type: multipart\/alternative/i);
    expect(mail.raw).toMatch(/charset=utf-8/i);
    expect(header(mail, 'auto-submitted')).toBe('auto-generated');
    expect(mail.messageId).toMatch(/^<[0-9a-f]{40}@mail\.example>$/);
  });

  test('speaks English to who reads English, in the words of the packs or those of the application', async () => {
    const request = await flow.submit(await flow.create({ title: 'Spare parts' }));
    await app.sweep();
    await tell(['finance'], { textEn: 'Spare parts: still waits' });
    await app.sweep();
    await send();
    expect(server.mails.map(({ subject }) => subject ?? '').toSorted()).toEqual([
      'Spare parts: still waits',
      `Your decision: Spare parts (${request.number})`,
    ]);
  });

  test('cannot have headers put into it by a title or a name', async () => {
    const evil = 'A\r\nBcc: victim@evil.example\r\n\r\nHello\u2028there\u0000'.replace('\0', '');
    await tell(['finance'], { textEn: evil });
    const { name } = await db()
      .selectFrom('app_user')
      .select('name')
      .where('email', '=', 'finance@demo.local')
      .executeTakeFirstOrThrow();
    const rename = (to: string) =>
      db().updateTable('app_user').set({ name: to }).where('email', '=', 'finance@demo.local').execute();
    await rename('Fay\r\nBcc: other@evil.example, "x" <y@evil.example>');
    await app.sweep();
    await send();
    await rename(name);
    const [mail] = server.mails as [ReceivedMail];
    expect(server.mails).toHaveLength(1);
    expect(mail.headers.map(({ key }) => key)).not.toContain('bcc');
    expect(mail.to).toHaveLength(1);
    expect(mail.to?.[0]?.address).toBe('finance@demo.local');
    expect(mail.subject).toBe('A Bcc: victim@evil.example Hello there');
  });

  test('is not made where no mail server is set up, and the API says so', async () => {
    const plain = await testApp();
    try {
      await contractFlow(plain).submit(await contractFlow(plain).create());
      await plain.sweep();
      const rows = await readDb(plain.app.orm.em.fork())
        .selectFrom('outbox_message')
        .select('channel')
        .execute();
      expect(new Set(rows.map(({ channel }) => channel))).toEqual(new Set(['in-app']));
      expect(await plain.ask('sales', '{ notificationPreferences { mailAvailable } }')).toEqual({
        notificationPreferences: { mailAvailable: false },
      });
    } finally {
      await plain.close();
    }
  });
});

describe('a mail server', () => {
  test('that is busy gets the mail again later, under the same id', async () => {
    await tell(['finance']);
    await app.sweep();
    server.mood = { does: 'refuse', at: 'data', code: 451, text: 'try again later' };
    expect(await send()).toMatchObject({ failed: 1 });
    expect((await mailRows())[0]).toMatchObject({ state: 'PENDING', tries: 1 });
    expect((await mailRows())[0]!.last_error).toContain('451');
    server.mood = { does: 'take' };
    expect(await send()).toMatchObject({ delivered: 0 });
    wait(2);
    expect(await send()).toMatchObject({ delivered: 1 });
    expect(server.mails).toHaveLength(1);
  });

  test('that refuses the receiver for good parks the mail at once; replayed, it goes out under the same id', async () => {
    const key = await tell(['finance']);
    await app.sweep();
    server.mood = { does: 'refuse', at: 'receiver', code: 550, text: 'no such user here' };
    expect(await send()).toMatchObject({ dead: 1 });
    const personId = await app.person('finance');
    const dead = await app.ask<{ deadOutboxMessages: { edges: { node: { id: string } }[] } }>(
      'admin',
      '{ deadOutboxMessages { edges { node { id key channel receiver tries lastError } } } }',
    );
    expect(dead.deadOutboxMessages.edges.map(({ node }) => node)).toEqual([
      {
        id: expect.any(String),
        key: `${key}/mail/${personId}`,
        channel: 'mail',
        receiver: personId,
        tries: 1,
        lastError: expect.stringContaining('no such user here'),
      },
    ]);
    const metrics = await app.app.http!.inject({ method: 'GET', url: '/metrics' });
    expect(metrics.body).toContain('countersign_outbox_dead{channel="mail"} 1');
    server.mood = { does: 'take' };
    await app.ask(
      'admin',
      'mutation ($id: ID!) { replayOutboxMessage(input: {id: $id}) { message { state } } }',
      { id: dead.deadOutboxMessages.edges[0]!.node.id },
    );
    expect(await send()).toMatchObject({ delivered: 1 });
    expect(await mailRows()).toMatchObject([{ state: 'DELIVERED' }]);
  });

  test.each([
    [{ does: 'refuse', at: 'data', code: 554, text: 'spam' } as const, 'DEAD'],
    [{ does: 'refuse', at: 'receiver', code: 450, text: 'greylisted' } as const, 'PENDING'],
  ])('%j leaves the mail %s', async (mood, state) => {
    await tell(['finance']);
    await app.sweep();
    server.mood = mood;
    await send();
    expect(await mailRows()).toMatchObject([{ state }]);
  });

  test('that is away, or never answers, costs a try and no more', async () => {
    await tell(['finance']);
    await app.sweep();
    const closed = await mailServer();
    await closed.close();
    const settings = { domain: 'mail.example', publicUrl: null, frontendUrl: null };
    const through = async (port: number) => {
      const smtp = openSmtp({
        host: '127.0.0.1',
        port,
        tls: 'none',
        login: null,
        from: 'a@mail.example',
        timeoutMs: 150,
      });
      try {
        return await sendOutbox(app.app.makeContext(), { mail: mailChannel(smtp.send, settings) });
      } finally {
        smtp.close();
      }
    };
    expect(await through(closed.port)).toMatchObject({ failed: 1 });
    expect((await mailRows())[0]!.last_error).toMatch(/ECONNREFUSED/);
    wait(2);
    server.mood = { does: 'hang' };
    expect(await through(server.port)).toMatchObject({ failed: 1 });
    expect((await mailRows())[0]).toMatchObject({ state: 'PENDING', tries: 2 });
    expect((await mailRows())[0]!.last_error).toMatch(/time/i);
  });

  test('that took the mail of a sender which was killed then gets it again, under the same id', async () => {
    await tell(['finance']);
    await app.sweep();
    let killed = (): void => undefined;
    const taken = new Promise<void>((resolve) => (killed = resolve));
    let release = (): void => undefined;
    server.onTaken = () => {
      killed();
      return new Promise((resolve) => (release = resolve));
    };
    const dying = send();
    await taken;
    server.onTaken = null;
    // Another process, after the lease; the first one has recorded nothing.
    wait(SEND_LEASE_SECONDS);
    expect(await send()).toMatchObject({ delivered: 1 });
    expect(server.mails).toHaveLength(2);
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(1);
    release();
    await dying;
  });
});

describe('preferences', () => {
  test('off is off, for the groups chosen', async () => {
    await preferences('finance', { mail: [{ group: 'TURNS', mode: 'OFF' }] });
    await tell(['finance', 'legal']);
    await tell(['finance'], { kind: 'ESCALATED' });
    await app.sweep();
    await send();
    expect(tos()).toEqual(['finance@demo.local', 'legal@demo.local']);
    const shown = await db().selectFrom('notification').select('id').execute();
    expect(shown).toHaveLength(3);
  });

  test('nobody who has left gets a mail', async () => {
    await tell(['finance']);
    await app.sweep();
    await db()
      .updateTable('app_user')
      .set({ active: false })
      .where('email', '=', 'finance@demo.local')
      .execute();
    expect(await send()).toMatchObject({ dead: 1 });
    await tell(['finance']);
    await app.sweep();
    expect(await mailRows()).toHaveLength(1);
    expect(server.mails).toEqual([]);
  });

  test('messages wait for the end of the quiet hours, alarms do not', async () => {
    await preferences('finance', {
      quietHours: { from: '22:00', until: '07:30' },
      timeZone: 'Asia/Shanghai',
    });
    app.moveTo(new Date('2024-05-20T15:00:00Z')); // 23:00 there
    await tell(['finance']);
    await tell(['finance'], { kind: 'ESCALATED', textEn: 'Escalated' });
    await app.sweep();
    expect(await send()).toMatchObject({ delivered: 1 });
    expect(server.mails.map(({ subject }) => subject)).toEqual(['Escalated']);
    app.moveTo(new Date('2024-05-20T23:29:59Z'));
    expect(await send()).toMatchObject({ delivered: 0 });
    app.moveTo(new Date('2024-05-20T23:30:00Z'));
    expect(await send()).toMatchObject({ delivered: 1 });
  });

  test('a try that falls into quiet hours waits for their end', async () => {
    await preferences('finance', {
      quietHours: { from: '09:00', until: '10:00' },
      urgent: [],
      timeZone: 'Asia/Shanghai',
    });
    app.moveTo(new Date(START.getTime() - 1000)); // 08:59:59
    await tell(['finance'], { kind: 'ESCALATED' });
    await app.sweep();
    app.moveTo(START);
    expect(await send()).toMatchObject({ delivered: 0, failed: 1 });
    expect((await mailRows())[0]).toMatchObject({ state: 'PENDING', tries: 0 });
    wait(3600);
    expect(await send()).toMatchObject({ delivered: 1 });
  });

  test.each([
    [{ digestHour: 24 }],
    [{ digestHour: -1 }],
    [{ digestHour: null }],
    [{ quietHours: { from: '25:00', until: '07:00' } }],
    [{ quietHours: { from: '07:00', until: '07:00' } }],
    [{ quietHours: { from: '7:00', until: 'x' } }],
    [{ timeZone: 'Mars/Olympus' }],
    [{ timeZone: '+08:00' }],
    [{ language: 'fr' }],
    [{ language: null }],
    [{ mail: null }],
    [
      {
        mail: [
          { group: 'TALK', mode: 'OFF' },
          { group: 'TALK', mode: 'DIGEST' },
        ],
      },
    ],
    [{ urgent: null }],
  ])('%j is refused', async (input) => {
    expect(
      await app.refusal(
        'finance',
        'mutation ($input: NotificationPreferencesInput!) { setNotificationPreferences(input: $input) { preferences { digestHour } } }',
        { input },
      ),
    ).toBe('BAD_USER_INPUT');
  });

  test('are one’s own, keep what is not given, and can be read back', async () => {
    const query =
      '{ notificationPreferences { mail { group mode } digestHour quietHours { from until } urgent timeZone language } }';
    const before = await app.ask<{ notificationPreferences: object }>('finance', query);
    await preferences('finance', {
      digestHour: 17,
      language: 'zh',
      quietHours: { from: '20:00', until: '08:00' },
    });
    await preferences('finance', { mail: [{ group: 'OTHER', mode: 'DIGEST' }], timeZone: 'Europe/Berlin' });
    await preferences('finance', { quietHours: null });
    const after = await app.ask<{ notificationPreferences: { mail: object[] } }>('finance', query);
    expect(after.notificationPreferences).toMatchObject({
      digestHour: 17,
      quietHours: null,
      urgent: ['ALARMS'],
      timeZone: 'Europe/Berlin',
      language: 'zh',
    });
    expect(after.notificationPreferences.mail).toContainEqual({ group: 'OTHER', mode: 'DIGEST' });
    expect(after.notificationPreferences.mail).toContainEqual({ group: 'TALK', mode: 'DIGEST' });
    expect(await app.ask('legal', query)).toEqual(before);
    expect(await app.refusal(null, query)).toBe('UNAUTHENTICATED');
  });
});

describe('a digest', () => {
  test('collects what came since the last one, each message once, on the next working day', async () => {
    await preferences('finance', {
      mail: [{ group: 'TURNS', mode: 'DIGEST' }],
      digestHour: 8,
      timeZone: 'Asia/Shanghai',
    });
    app.moveTo(new Date('2024-05-24T02:00:00Z')); // Friday, 10:00 in Shanghai
    await tell(['finance'], { textEn: 'First' });
    await app.sweep();
    wait(3600);
    await tell(['finance'], { textEn: 'Second <i>' });
    await app.sweep();
    await app.sweep();
    expect(await mailRows()).toEqual([]);
    app.moveTo(new Date('2024-05-26T23:59:59Z'));
    await app.sweep();
    expect(await mailRows()).toEqual([]);
    app.moveTo(new Date('2024-05-27T00:00:00Z')); // Monday, 08:00
    await app.sweep();
    await tell(['finance'], { textEn: 'Third' });
    await app.sweep();
    await app.sweep();
    await send();
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails as [ReceivedMail];
    expect(mail.subject).toBe('2 messages · 2024-05-27');
    expect(mail.text).toMatch(/• First\n• Second <i>/);
    expect(mail.html).toContain('<li>Second &lt;i&gt;</li>');
    expect(mail.text).not.toContain('Third');
    app.moveTo(new Date('2024-05-28T00:00:00Z'));
    await app.sweep();
    await send();
    expect(server.mails.map(({ subject }) => subject)).toEqual([
      '2 messages · 2024-05-27',
      '1 message · 2024-05-28',
    ]);
    app.moveTo(new Date('2024-05-30T00:00:00Z'));
    await app.sweep();
    expect(await send()).toMatchObject({ delivered: 0 });
  });

  test('loses and repeats nothing when many relays write and fire at once', async () => {
    for (const who of ['finance', 'legal'])
      await preferences(who, { mail: [{ group: 'TURNS', mode: 'DIGEST' }], timeZone: 'Asia/Shanghai' });
    const eight = new Date('2024-05-21T00:00:00Z');
    for (let index = 0; index < 40; index += 1) {
      app.moveTo(new Date(eight.getTime() - (index % 4 === 0 ? 1 : 1000)));
      await tell(index % 2 ? ['finance', 'legal'] : ['legal', 'finance'], { textEn: `Message ${index};` });
      if (index % 10 === 9) {
        const relays = [app.sweep(), app.sweep()];
        app.moveTo(eight);
        relays.push(app.sweep(), app.sweep());
        await Promise.all(relays);
      }
    }
    for (const day of ['2024-05-21', '2024-05-22', '2024-05-23']) {
      app.moveTo(new Date(`${day}T00:00:00Z`));
      await app.sweep();
      await app.sweep();
      await send();
    }
    for (const who of ['finance', 'legal']) {
      const text = server.mails
        .filter(({ to }) => to?.[0]?.address === `${who}@demo.local`)
        .map((mail) => mail.text)
        .join('\n');
      for (let index = 0; index < 40; index += 1) expect(text.split(`Message ${index};`)).toHaveLength(2);
    }
  });
});

test('a worker sends by itself what a decision makes necessary, by the sweep alone as well', async () => {
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  const working = await testApp({ ...mailConfig, role: 'all', sweepSeconds: 1 });
  const aboutTurns = () => server.mails.filter(({ to }) => to?.[0]?.address === 'manager@demo.local');
  try {
    server.onTaken = async () => void (aboutTurns().length > 0 && resolve());
    const request = await contractFlow(working).submit(await contractFlow(working).create());
    await taken;
    expect(aboutTurns()[0]!.subject).toContain(request.number);
    // Nobody is woken for this one.
    const { promise: swept, resolve: end } = Promise.withResolvers<void>();
    server.onTaken = async () => void (aboutTurns().length > 1 && end());
    await readDb(working.app.orm.em.fork())
      .updateTable('outbox_message')
      .set({ key: 'again', state: 'PENDING' })
      .where('channel', '=', 'in-app')
      .where('key', 'like', `${request.id}/%/ASSIGNED`)
      .execute();
    await swept;
    expect(aboutTurns()).toHaveLength(2);
  } finally {
    await working.close();
  }
});
