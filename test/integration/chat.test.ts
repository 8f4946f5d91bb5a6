import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openOutside } from '../../src/app.js';
import { relayOutbox } from '../../src/commands/schedule/relay-outbox.js';
import { sendOutbox } from '../../src/commands/schedule/send-outbox.js';
import type { Config } from '../../src/config.js';
import { readDb } from '../../src/entities/read-db.js';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { httpReceiver, type HttpReceiver } from '../support/http-receiver.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let receiver: HttpReceiver;
let flow: ContractFlow;
let outside: ReturnType<typeof openOutside>;
const config = {
  webhookAllowedHosts: ['127.0.0.1'],
  frontendUrl: 'https://app.example',
};
const db = () => readDb(app.app.orm.em.fork());
const send = () => sendOutbox(app.app.makeContext(), outside.channels);
const TAKEN: Readonly<Record<string, string>> = {
  WECOM: '{"errcode":0,"errmsg":"ok"}',
  DINGTALK: '{"errcode":0,"errmsg":"ok"}',
  FEISHU: '{"code":0,"msg":"success","data":{}}',
  SLACK: 'ok',
};
const KINDS = Object.keys(TAKEN);

beforeAll(async () => {
  receiver = await httpReceiver();
  app = await testApp(config);
  outside = openOutside(config as unknown as Config);
  flow = contractFlow(app);
});
afterAll(async () => {
  outside.close();
  await app.close();
  await receiver.close();
});
beforeEach(async () => {
  app.moveTo(START);
  receiver.posts.length = 0;
  receiver.answer = ({ path }) => ({
    code: 200,
    body: TAKEN[path.slice(1).split(/[/?]/)[0]!.toUpperCase()]!,
  });
  for (const table of ['chat_channel', 'outbox_message', 'notification', 'message_template'] as const)
    await db().deleteFrom(table).execute();
});

const SECRET_KEY = 'k-5eCr3t';
const CREATE =
  'mutation ($input: CreateChatChannelInput!) { createChatChannel(input: $input) { channel { id kind host signed enabled lastError } } }';
async function create(kind: string, input: object = {}): Promise<string> {
  const { createChatChannel } = await app.ask<{ createChatChannel: { channel: { id: string } } }>(
    'admin',
    CREATE,
    {
      input: {
        kind,
        name: `The ${kind} group`,
        url: `http://127.0.0.1:${receiver.port}/${kind.toLowerCase()}/send?key=${SECRET_KEY}`,
        language: 'en',
        messageKinds: ['ASSIGNED', 'ENDED'],
        ...input,
      },
    },
  );
  return createChatChannel.channel.id;
}
const rows = () =>
  db()
    .selectFrom('outbox_message')
    .select(['key', 'receiver', 'state', 'tries', 'last_error', 'next_try_at'])
    .where('channel', '=', 'chat')
    .orderBy('key')
    .execute();
/** What a robot is sent, as far as the tests look. */
interface Posted {
  readonly text: string;
  readonly markdown: { readonly content: string; readonly title: string; readonly text: string };
  readonly content: {
    readonly post: {
      readonly zh_cn: { readonly title: string; readonly content: readonly { readonly text: string }[][] };
    };
  };
  readonly blocks: readonly { readonly text: { readonly type: string; readonly text: string } }[];
}
const bodies = () => receiver.posts.map(({ body }) => JSON.parse(body) as Posted);
/** A submission whose title tries everything, told to its first approver. */
const EVIL =
  '<at user_id="all">x</at> <!channel> <@all> @all **bold** [a](http://evil.example) `c` # & \u202e';
async function submitAndSend(): Promise<string> {
  const request = await flow.submit(await flow.create({ title: EVIL }));
  await relayOutbox(app.app.makeContext());
  await send();
  return request.id;
}

describe('a group is told what its people are told', () => {
  test('WeCom: markdown without any of the title’s own, the key in the address', async () => {
    await create('WECOM');
    const id = await submitAndSend();
    expect(receiver.posts[0]!.path).toBe(`/wecom/send?key=${SECRET_KEY}`);
    const [body] = bodies();
    expect(body).toEqual({ msgtype: 'markdown', markdown: { content: expect.any(String) } });
    const lines = body!.markdown.content.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^\*\*A-2024-\d+ [^*<>@[\]`#_]*\*\*$/);
    expect(lines[1]).toMatch(/^[^*<>@[\]`#_]*your turn at[^*<>@[\]`#_]*$/);
    expect(lines[1]).not.toContain('\u202e');
    expect(lines[2]).toBe(`[Open](https://app.example/requests/${id})`);
  });

  test('DingTalk: markdown and nobody called, signed in the address over milliseconds', async () => {
    const secret = 'SEC000111222';
    await create('DINGTALK', { secret });
    await submitAndSend();
    const query = new URL(receiver.posts[0]!.path, 'http://x').searchParams;
    expect(query.get('key')).toBe(SECRET_KEY);
    expect(query.get('timestamp')).toBe(String(START.getTime()));
    expect(query.get('sign')).toBe(
      createHmac('sha256', secret).update(`${START.getTime()}\n${secret}`).digest('base64'),
    );
    const [body] = bodies();
    expect(body).toMatchObject({
      msgtype: 'markdown',
      at: { isAtAll: false, atMobiles: [], atUserIds: [] },
    });
    expect(body!.markdown.title).toMatch(/^A-2024-\d+ /);
    expect(
      body!.markdown.text.replace(/\[Open\]\(https:\/\/app\.example\/[^)]*\)|^\*\*|\*\*\n/g, ''),
    ).toMatch(/^[^*<>@[\]`#_]*$/);
  });

  test('Feishu: a rich text of parts without tags, signed in the body over seconds', async () => {
    const secret = 'feishu-secret';
    await create('FEISHU', { secret, language: 'zh' });
    await submitAndSend();
    const [body] = bodies();
    const timestamp = String(START.getTime() / 1000);
    expect(body).toMatchObject({
      timestamp,
      sign: createHmac('sha256', `${timestamp}\n${secret}`).digest('base64'),
      msg_type: 'post',
    });
    const { title, content } = body!.content.post.zh_cn;
    expect(title).toMatch(/^A-2024-\d+ ＜at user_id="all"＞/);
    expect(content[0]).toEqual([{ tag: 'text', text: expect.stringContaining('请处理') }]);
    expect(content[0]![0]!.text).not.toMatch(/[<>]/);
    expect(content[1]![0]).toMatchObject({ tag: 'a', text: '查看' });
  });

  test('Slack: plain words, and a text in which every sign of mark-up is escaped', async () => {
    await create('SLACK');
    const id = await submitAndSend();
    const [body] = bodies();
    expect(body!.text).toContain('&lt;!channel&gt;');
    expect(body!.text).not.toMatch(/[<>]/);
    expect(body).toMatchObject({ link_names: false });
    expect(body!.blocks.map((block) => block.text.type)).toEqual(['plain_text', 'plain_text', 'mrkdwn']);
    expect(body!.blocks[2]!.text.text).toBe(`<https://app.example/requests/${id}|Open>`);
  });

  test('long words are cut to what the provider takes', async () => {
    for (const kind of KINDS) await create(kind, { messageKinds: ['RETURNED'] });
    const request = await flow.submit(await flow.create({ title: '合'.repeat(200) }));
    await flow.act('manager', 'returnForChanges', request.id, '同'.repeat(4000));
    await relayOutbox(app.app.makeContext());
    await send();
    expect(receiver.posts).toHaveLength(4);
    const most: Readonly<Record<string, number>> = {
      wecom: 4096,
      dingtalk: 20_000,
      feishu: 20_000,
      slack: 12_000,
    };
    for (const { path, body } of receiver.posts) {
      const kind = path.slice(1).split('/')[0]!;
      const content = kind === 'wecom' ? (JSON.parse(body) as Posted).markdown.content : body;
      expect([kind, Buffer.byteLength(content) <= most[kind]!]).toEqual([kind, true]);
    }
  });

  test('by kind, department and role, naming whom it is for', async () => {
    const department = async (key: string): Promise<string> =>
      (await db().selectFrom('department').select('id').where('key', '=', key).executeTakeFirstOrThrow()).id;
    const { key } = await db()
      .selectFrom('app_user')
      .innerJoin('department', 'department.id', 'app_user.department_id')
      .select('department.key')
      .where('email', '=', 'manager@demo.local')
      .executeTakeFirstOrThrow();
    const other = await db()
      .selectFrom('app_user')
      .innerJoin('department', 'department.id', 'app_user.department_id')
      .select('department.key')
      .where('email', '=', 'finance@demo.local')
      .executeTakeFirstOrThrow();
    const wanted = {
      'all their kind': await create('SLACK'),
      'their department': await create('SLACK', { departmentId: await department(key) }),
      'their role': await create('SLACK', { roleKey: 'sales-manager' }),
    };
    await create('SLACK', { messageKinds: ['ESCALATED'] });
    await create('SLACK', { departmentId: await department(other.key) });
    await create('SLACK', { roleKey: 'legal' });
    await create('SLACK', { roleKey: 'sales-manager', departmentId: await department(other.key) });
    await submitAndSend();
    expect((await rows()).map(({ receiver: id }) => id ?? '').toSorted()).toEqual(
      Object.values(wanted).toSorted(),
    );
    const { name } = await db()
      .selectFrom('app_user')
      .select('name')
      .where('email', '=', 'manager@demo.local')
      .executeTakeFirstOrThrow();
    expect(bodies()[0]!.blocks[1]!.text.text).toContain(`(${name})`);
  });

  test('in the words of a template', async () => {
    const words = { subject: 'S {{step}}', text: 'T {{title}} {{person}}' };
    await db()
      .insertInto('message_template')
      .values({
        key: 'ANY/chat',
        definition: JSON.stringify({ for: 'ANY', channel: 'chat', en: words, zh: words }),
      })
      .execute();
    await create('SLACK');
    await submitAndSend();
    expect(bodies()[0]!.blocks[0]!.text.text).toMatch(/^S /);
    expect(bodies()[0]!.blocks[1]!.text.text).toMatch(/^T <at user_id="all">/);
  });
});

describe('what a robot answers', () => {
  /** Where the message stands after an answer: state, tries, and the seconds that it waits. */
  async function after(
    kind: string,
    answer: { code: number; body?: string; headers?: Record<string, string> },
  ) {
    await db().deleteFrom('chat_channel').execute();
    await db().deleteFrom('outbox_message').execute();
    const id = await create(kind);
    await flow.submit(await flow.create());
    await relayOutbox(app.app.makeContext());
    receiver.answer = () => answer;
    await send();
    const [row] = await rows();
    const wait = (Date.parse(row!.next_try_at) - app.now().getTime()) / 1000;
    const { chatChannels } = await app.ask<{ chatChannels: { id: string; lastError: string | null }[] }>(
      'admin',
      '{ chatChannels { id lastError } }',
    );
    expect(chatChannels).toEqual([{ id, lastError: row!.last_error }]);
    return row!.state === 'PENDING' ? `${row!.state} ${row!.tries} ${wait}` : row!.state;
  }

  test.each([
    ['WECOM', { code: 200, body: '{"errcode":45009,"errmsg":"api freq out of limit"}' }, 'PENDING 0 60'],
    ['WECOM', { code: 200, body: '{"errcode":93000,"errmsg":"invalid webhook url"}' }, 'DEAD'],
    ['WECOM', { code: 200, body: '{"errcode":-1,"errmsg":"system busy"}' }, 'PENDING 1 2'],
    ['WECOM', { code: 200, body: '<html>' }, 'PENDING 1 2'],
    ['WECOM', { code: 502 }, 'PENDING 1 2'],
    ['DINGTALK', { code: 200, body: '{"errcode":410100,"errmsg":"send too fast"}' }, 'PENDING 0 600'],
    ['DINGTALK', { code: 200, body: '{"errcode":310000,"errmsg":"sign not match"}' }, 'DEAD'],
    ['FEISHU', { code: 200, body: '{"code":11232,"msg":"frequency limited"}' }, 'PENDING 0 60'],
    ['FEISHU', { code: 400, body: '{"code":19001,"msg":"access token invalid"}' }, 'DEAD'],
    ['FEISHU', { code: 200, body: '{"StatusCode":0,"StatusMessage":"success"}' }, 'DELIVERED'],
    ['SLACK', { code: 429, headers: { 'retry-after': '7' } }, 'PENDING 0 7'],
    ['SLACK', { code: 404, body: 'no_service' }, 'DEAD'],
    ['SLACK', { code: 500, body: 'rollup_error' }, 'PENDING 1 2'],
    ['SLACK', { code: 200, body: 'ok' }, 'DELIVERED'],
  ])('%s %j: %s', async (kind, answer, expected) => {
    expect(await after(kind, answer)).toBe(expected);
  });
});

describe('the API', () => {
  test('shows neither address nor secret, in lists, refusals, dead letters or the log', async () => {
    const id = await create('DINGTALK', { secret: 'SEC-hidden' });
    receiver.answer = () => ({ code: 403 });
    await app.ask(
      'admin',
      'mutation ($id: ID!) { sendTestChatMessage(input: { id: $id }) { channel { id } } }',
      { id },
    );
    await send();
    const shown = await app.ask(
      'admin',
      '{ chatChannels { id kind name host signed language messageKinds departmentId roleKey enabled lastError lastSentAt } deadOutboxMessages { edges { node { key channel receiver receiverName lastError } } } }',
    );
    expect(shown).toMatchObject({
      chatChannels: [{ host: `127.0.0.1:${receiver.port}`, signed: true, lastError: 'it answered 403' }],
      deadOutboxMessages: {
        edges: [
          {
            node: {
              channel: 'chat',
              receiver: id,
              receiverName: 'The DINGTALK group',
              lastError: 'it answered 403',
            },
          },
        ],
      },
    });
    const refused = await app.send('admin', CREATE, {
      input: {
        kind: 'SLACK',
        name: 'x',
        url: `https://hooks.unknown.invalid/${SECRET_KEY}`,
        language: 'fr',
        messageKinds: [],
      },
    });
    expect(refused.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    for (const text of [JSON.stringify(shown), JSON.stringify(refused), JSON.stringify(app.errors)]) {
      expect(text).not.toContain(SECRET_KEY);
      expect(text).not.toContain('SEC-hidden');
    }
  });

  test('a test is sent once, to a group that is switched off as well; a switched-off group is told nothing', async () => {
    const id = await create('SLACK');
    const update =
      'mutation ($input: UpdateChatChannelInput!) { updateChatChannel(input: $input) { channel { enabled } } }';
    expect(await app.ask('admin', update, { input: { id, enabled: false } })).toEqual({
      updateChatChannel: { channel: { enabled: false } },
    });
    await submitAndSend();
    expect(receiver.posts).toEqual([]);
    await app.ask(
      'admin',
      'mutation ($id: ID!) { sendTestChatMessage(input: { id: $id }) { channel { id } } }',
      {
        id,
      },
    );
    await send();
    expect(bodies()[0]!.text).toContain('This is a test');
    await app.ask('admin', 'mutation ($id: ID!) { deleteChatChannel(input: { id: $id }) { id } }', { id });
    expect(await app.refusal('admin', update, { input: { id, enabled: true } })).toBe('NOT_FOUND');
  });

  test('refuses what a provider would not take', async () => {
    const input = {
      kind: 'WECOM',
      name: 'x',
      url: 'https://hooks.slack.com/services/x',
      language: 'en',
      messageKinds: ['ASSIGNED'],
    };
    const refuse = (more: object) => app.refusal('admin', CREATE, { input: { ...input, ...more } });
    expect(await refuse({})).toBe('BAD_USER_INPUT');
    const url = `http://127.0.0.1:${receiver.port}/wecom`;
    expect(await refuse({ url, secret: 'x' })).toBe('BAD_USER_INPUT');
    expect(await refuse({ url, messageKinds: ['NOTHING'] })).toBe('BAD_USER_INPUT');
    expect(await refuse({ url, roleKey: 'nobody' })).toBe('BAD_USER_INPUT');
    expect(await refuse({ url, departmentId: START.toISOString() })).toBe('BAD_USER_INPUT');
    expect(await refuse({ url, name: '' })).toBe('BAD_USER_INPUT');
  });

  test('is for those who may manage chats', async () => {
    const id = await create('SLACK');
    for (const operation of [
      '{ chatChannels { id } }',
      `mutation { updateChatChannel(input: { id: "${id}", name: "x" }) { channel { id } } }`,
      `mutation { deleteChatChannel(input: { id: "${id}" }) { id } }`,
      `mutation { sendTestChatMessage(input: { id: "${id}" }) { channel { id } } }`,
      'mutation { createChatChannel(input: { kind: SLACK, name: "x", url: "https://hooks.slack.com/x", language: "en", messageKinds: ["ASSIGNED"] }) { channel { id } } }',
    ])
      expect([operation, await app.refusal('gm', operation)]).toEqual([operation, 'FORBIDDEN']);
  });
});
