import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EntityManager } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  makeCheckpoint,
  makeDueCheckpoint,
  type Checkpoint,
} from '../../src/commands/approvals/make-checkpoint.js';
import { migrate } from '../../src/database.js';
import { readFactRows } from '../../src/entities/approvals/fact-rows.js';
import { readDb } from '../../src/entities/read-db.js';
import { writeCheckpoint } from '../../src/jobs/checkpoints.js';
import { verifyDatabase } from '../../src/queries/approvals/audit-record.js';
import { replayRequests, type Replayed } from '../../src/queries/approvals/replay-requests.js';
import { faultText } from '../../src/workflows/audit.js';
import { faultOfCertificate, type Certificate } from '../../src/workflows/certificate.js';
import { signingKeyFromSeed } from '../../src/workflows/checkpoint.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

const KEY = signingKeyFromSeed(Buffer.alloc(32, 3));
/** The login that every cluster of ours has beside the owner's. */
const APPLICATION = 'countersign_app';

let app: TestApp;
let kept: Checkpoint;
let folder: string;
const requests: Record<string, { id: string; number: string }> = {};

const em = (): EntityManager => app.app.orm.em.fork();
const anchor = () => ({ checkpoint: kept, publicKey: KEY.publicKey });

async function contract(title: string, amount: string): Promise<string> {
  const { customers } = await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
    'sales',
    '{ customers { edges { node { id } } } }',
  );
  const input = { title, customerId: customers.edges[0]!.node.id, amount: { amount, currency: 'CNY' } };
  const made = await app.ask<{ createContract: { contract: { id: string } } }>(
    'sales',
    'mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { id } } }',
    { input },
  );
  return made.createContract.contract.id;
}

async function submit(name: string, amount = '100000.00', comment?: string): Promise<string> {
  const input = { subjectType: 'CONTRACT', subjectId: await contract(`Contract ${name}`, amount), comment };
  const made = await app.ask<{ submitForApproval: { request: { id: string; number: string } } }>(
    'sales',
    'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id number } } }',
    { input },
  );
  requests[name] = made.submitForApproval.request;
  return made.submitForApproval.request.id;
}

const INPUTS: Readonly<Record<string, string>> = {
  approve: 'DecisionInput',
  reject: 'DecisionInput',
  returnForChanges: 'ReturnInput',
  delegateAssignment: 'DelegateInput',
  addApprover: 'AddApproverInput',
  transferAssignment: 'TransferInput',
};

async function act(person: string, mutation: string, requestId: string, more: object = {}): Promise<void> {
  const { inbox } = await app.ask<{ inbox: { edges: { node: { id: string; request: { id: string } } }[] } }>(
    person,
    '{ inbox(first: 50) { edges { node { id request { id } } } } }',
  );
  const task = inbox.edges.find(({ node }) => node.request.id === requestId);
  if (!task) throw new Error(`${person} is not being asked`);
  await app.ask(
    person,
    `mutation ($input: ${INPUTS[mutation]}!) { ${mutation}(input: $input) { request { id } } }`,
    { input: { assignmentId: task.node.id, ...more } },
  );
}

/** Requests of every ending, with words in many places. */
async function play(): Promise<void> {
  const approved = await submit('approved', '100000.00', 'please hurry');
  await act('manager', 'approve', approved, { comment: 'my secret reasons' });
  await act('finance', 'approve', approved);
  await act('legal', 'approve', approved, { comment: 'fine' });
  const rejected = await submit('rejected');
  await act('manager', 'reject', rejected, { comment: 'a rude word' });
  const returned = await submit('returned');
  await act('manager', 'returnForChanges', returned, { comment: 'say more' });
  await app.ask('sales', 'mutation ($input: ResubmitInput!) { resubmit(input: $input) { request { id } } }', {
    input: { requestId: returned, comment: 'said more' },
  });
  const delegated = await submit('delegated');
  await act('manager', 'delegateAssignment', delegated, {
    toUserId: await app.person('director'),
    comment: 'you know better',
  });
  await act('director', 'approve', delegated);
  const withdrawn = await submit('withdrawn');
  await app.ask('sales', 'mutation ($input: WithdrawInput!) { withdraw(input: $input) { request { id } } }', {
    input: { requestId: withdrawn },
  });
  const large = await submit('large', '860000.00');
  await act('manager', 'addApprover', large, {
    userId: await app.person('director'),
    position: 'AFTER',
    comment: 'ask the director, too',
  });
  await act('manager', 'approve', large);
  for (const person of ['director', 'legal', 'tech', 'finance']) await act(person, 'approve', large);
  const stalled = await submit('stalled');
  const due = await readDb(em())
    .selectFrom('timer')
    .select('due_at')
    .where('subject_id', '=', stalled)
    .orderBy('due_at', 'desc')
    .executeTakeFirstOrThrow();
  app.moveTo(new Date(due.due_at));
  await app.sweep();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-audit-'));
  app = await testApp();
  await play();
  kept = await makeCheckpoint(app.app.makeContext(), KEY);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await app.close();
});

const verified = async (where = em()): Promise<string> => {
  const { fault, ...counts } = await verifyDatabase(where, anchor());
  return fault ? faultText(fault) : `sound ${counts.requests}`;
};

const replayed = async (where: EntityManager, number: string | null): Promise<Replayed[]> => {
  const all: Replayed[] = [];
  for await (const one of replayRequests(where, number)) all.push(one);
  return all;
};

describe('the record as it was made', () => {
  test('verifies against the checkpoint, and each request replays to its rows field by field', async () => {
    expect(await verified()).toBe('sound 7');
    const all = await replayed(em(), null);
    expect(
      all.flatMap(({ number, differences }) => differences.map((difference) => `${number} ${difference}`)),
    ).toEqual([]);
    expect(all).toHaveLength(7);
  });

  test('holds no words in the chain; a comment costs one row beside it, a silent decision none', async () => {
    const { facts, texts } = await readFactRows(
      em(),
      Object.values(requests).map(({ id }) => id),
    );
    for (const words of ['please hurry', 'my secret reasons', 'a rude word', 'Contract approved']) {
      expect(facts.filter(({ canonical }) => canonical.includes(words))).toEqual([]);
      expect([...texts.values()].some(({ value }) => value?.includes(words))).toBe(true);
    }
    const silent = facts.filter(
      ({ requestId, type }) => requestId === requests['delegated']!.id && type === 'DECIDED',
    );
    expect(
      [...texts.values()].filter(({ requestId, sequence }) =>
        silent.some((fact) => fact.requestId === requestId && fact.sequence === sequence),
      ),
    ).toEqual([]);
  });

  test('never goes back in time, whatever the clock of the machine that decides says', async () => {
    const id = await submit('late');
    const before = app.now();
    app.moveTo(START);
    await act('manager', 'approve', id);
    app.moveTo(before);
    const { facts } = await readFactRows(em(), [id]);
    expect(facts.map(({ at }) => at)).toEqual(facts.map(({ at }) => at).toSorted());
    expect(facts.at(-1)!.at).toBe(before.toISOString());
  });

  test('a checkpoint is made once a day, adds only what changed, and refuses leaves that were touched', async () => {
    const made = await makeDueCheckpoint(app.app.makeContext(), () => KEY, 24);
    expect(made).toBeNull();
    app.moveTo(new Date(app.now().getTime() + 25 * 3_600_000));
    const [second, third] = await Promise.all([1, 2].map(() => makeCheckpoint(app.app.makeContext(), KEY)));
    expect([second!.treeSize, third!.treeSize]).toEqual([8, 8]);
    expect(await verified()).toBe('sound 8');
    const asOwner = (statement: string): Promise<unknown> =>
      em().transactional(async (where) => {
        await where.execute('set local session_replication_role = replica');
        await where.execute(statement);
      });
    const [leaf] = await em().execute<{ chain_head: string }[]>(
      'select chain_head from audit_leaf where position = 2',
    );
    await asOwner("update audit_leaf set chain_head = 'x' where position = 2");
    await expect(makeCheckpoint(app.app.makeContext(), KEY)).rejects.toThrow('run npm run audit -- verify');
    await asOwner(`update audit_leaf set chain_head = '${leaf!.chain_head}' where position = 2`);
  });
});

/** Does what only someone with all rights can, looks, and takes it back. */
async function tampered(
  change: (where: EntityManager) => Promise<void>,
  look: (where: EntityManager) => Promise<string> = verified,
): Promise<string> {
  let found = '';
  const undo = new Error('undo');
  const work = em().transactional(async (where) => {
    await where.execute('set local session_replication_role = replica');
    await change(where);
    found = await look(where);
    throw undo;
  });
  await expect(work).rejects.toBe(undo);
  return found;
}

describe('someone with all rights to the database is found out', () => {
  const ofRequest = (name: string): string => `request_id = '${requests[name]!.id}'`;
  /** Digests that fit the texts again, as a forger would make them. */
  const rechain = (name: string): string => `
    with recursive chain as (
      select 0 as sequence, encode(sha256(convert_to(E'countersign-chain/1\\n' || '${requests[name]!.id}', 'UTF8')), 'hex') as digest
      union all
      select e.sequence, encode(sha256(convert_to(chain.digest || E'\\n' || e.canonical, 'UTF8')), 'hex')
      from chain join approval_event e on e.${ofRequest(name)} and e.sequence = chain.sequence + 1
    ), redone as (
      update approval_event e set digest = chain.digest from chain where e.${ofRequest(name)} and e.sequence = chain.sequence and chain.sequence > 0 returning e.sequence
    )
    update approval_request set fact_count = (select max(sequence) from chain), chain_head = (select digest from chain order by sequence desc limit 1) where id = '${requests[name]!.id}'`;

  test.each<[string, (name: string) => string[], string]>([
    [
      'edits a fact',
      (r) => [
        `update approval_event set canonical = replace(canonical, 'APPROVED', 'REJECTED') where ${ofRequest(r)} and sequence = 3`,
      ],
      'fact 3: its text is not the one that was chained',
    ],
    [
      'edits a column beside it',
      (r) => [`update approval_event set actor_id = null where ${ofRequest(r)} and sequence = 3`],
      'fact 3: its columns say something else',
    ],
    [
      'edits its time',
      (r) => [`update approval_event set at = at - interval '1 day' where ${ofRequest(r)} and sequence = 3`],
      'fact 3: its columns say something else',
    ],
    [
      'deletes a fact',
      (r) => [`delete from approval_event where ${ofRequest(r)} and sequence = 3`],
      'fact 3: it is missing',
    ],
    [
      'inserts a fact',
      (r) => [
        `update approval_event set sequence = sequence + 100 where ${ofRequest(r)} and sequence > 3`,
        `update approval_event set sequence = sequence - 99 where ${ofRequest(r)} and sequence > 100`,
        `insert into approval_event select gen_random_uuid(), request_id, 4, type, actor_id, at, canonical, digest from approval_event where ${ofRequest(r)} and sequence = 3`,
      ],
      'fact 4: its text',
    ],
    [
      'exchanges two facts',
      (r) => [
        `update approval_event e set canonical = o.canonical, digest = o.digest from approval_event o where e.${ofRequest(r)} and o.${ofRequest(r)} and (e.sequence, o.sequence) in ((3, 4), (4, 3))`,
      ],
      'fact 3: its text',
    ],
    [
      'cuts the tail',
      (r) => [`delete from approval_event where ${ofRequest(r)} and sequence > 5`],
      'fact 6: it is missing: the request counts',
    ],
    [
      'cuts the tail and mends the head',
      (r) => [`delete from approval_event where ${ofRequest(r)} and sequence > 5`, rechain(r)],
      'fact 6: it was cut off: a checkpoint has seen',
    ],
    [
      'rewrites the chain',
      (r) => [
        `update approval_event set canonical = replace(canonical, 'APPROVED', 'REJECTED') where ${ofRequest(r)}`,
        rechain(r),
      ],
      'the chain up to it was rewritten',
    ],
    [
      'changes the head',
      (r) => [`update approval_request set chain_head = repeat('0', 64) where id = '${requests[r]!.id}'`],
      'the request names another head',
    ],
    [
      'removes the request',
      (r) => [
        `delete from approval_event where ${ofRequest(r)}`,
        `delete from approval_text where ${ofRequest(r)}`,
        `delete from approval_request where id = '${requests[r]!.id}'`,
      ],
      'the request is gone: a checkpoint has seen it',
    ],
    [
      'removes the request and its leaf',
      (r) => [
        `delete from approval_event where ${ofRequest(r)}`,
        `delete from approval_request where id = '${requests[r]!.id}'`,
        `delete from audit_leaf where ${ofRequest(r)}`,
        'update audit_leaf set position = n from (select position p, row_number() over (order by position) - 1 n from audit_leaf) o where o.p = position',
      ],
      'checkpoint 1: ',
    ],
    [
      'removes only the request row',
      (r) => [`delete from approval_request where id = '${requests[r]!.id}'`],
      'the request is gone',
    ],
    [
      'changes words beside the chain',
      (r) => [
        `update approval_text set value = '"my kind words"' where ${ofRequest(r)} and value = '"my secret reasons"'`,
      ],
      'fact 3: a text is not the one that it commits to',
    ],
    [
      'makes words vanish',
      (r) => [`delete from approval_text where ${ofRequest(r)} and value = '"my secret reasons"'`],
      'fact 3: a text that it commits to is gone, and was not erased',
    ],
  ])('%s', async (_, statements, place) => {
    const found = await tampered(async (where) => {
      for (const statement of statements('approved')) await where.execute(statement);
    });
    expect(found).toContain(place);
    if (!place.startsWith('checkpoint')) expect(found).toContain(requests['approved']!.number);
    expect(await verified()).toMatch(/^sound/);
  });

  test('exchanges the whole histories of two requests', async () => {
    const [one, two] = [requests['approved']!.id, requests['rejected']!.id];
    const found = await tampered(async (where) => {
      await where.execute(
        `update approval_event set request_id = case request_id when '${one}' then '${two}'::uuid else '${one}'::uuid end, sequence = -sequence where request_id in ('${one}', '${two}')`,
      );
      await where.execute('update approval_event set sequence = -sequence where sequence < 0');
      await where.execute(
        `update approval_request r set chain_head = o.chain_head, fact_count = o.fact_count from approval_request o where (r.id, o.id) in (('${one}', '${two}'), ('${two}', '${one}'))`,
      );
    });
    expect(found).toContain(`${requests['approved']!.number}, fact 1: its text`);
  });

  test('rows that were changed behind the facts: the replay names the field', async () => {
    const look = async (where: EntityManager): Promise<string> =>
      (await replayed(where, requests['approved']!.number)).flatMap(({ differences }) => differences).join();
    const found = await tampered(async (where) => {
      await where.execute(
        `update approval_assignment set status = 'REJECTED' where ${ofRequest('approved')} and ordinal = 1`,
      );
    }, look);
    expect(found).toBe('assignments.0.status: "REJECTED", not "APPROVED" as the facts say');
  });
});

describe('the database refuses', () => {
  const refusedWith = async (statements: readonly string[], login: string | null): Promise<string> => {
    const code = await em()
      .transactional(async (where) => {
        if (login !== null) await where.execute(`set local role ${login}`);
        for (const statement of statements) await where.execute(statement);
        throw new Error('went through');
      })
      .catch((error: { code?: string; message: string }) => error.code ?? error.message);
    return code;
  };
  const CHANGES = [
    'update approval_event set canonical = canonical',
    'delete from approval_event',
    'truncate approval_event cascade',
    'update audit_leaf set number = number',
    'delete from audit_leaf',
    'truncate audit_leaf',
    'update audit_checkpoint set root = root',
    'delete from audit_checkpoint',
    'truncate audit_checkpoint',
    "update approval_text set value = 'x'",
    'delete from approval_text',
    'truncate approval_text',
  ];

  test.each(CHANGES)('its superuser and its application alike: %s', async (statement) => {
    expect(await refusedWith([statement], null)).toBe('23001');
    await migrate(app.app.orm, app.url, APPLICATION);
    expect(await refusedWith([statement], APPLICATION)).toMatch(/^(42501|23001)$/);
  });

  test('the application may not lift what protects the record', async () => {
    for (const statement of [
      'alter table approval_event disable trigger all',
      'drop trigger approval_event_append_only on approval_event',
      'set session_replication_role = replica',
      'drop table approval_event',
      'create table own (id int)',
      'delete from approval_request',
      'delete from approval_assignment',
      'delete from approval_interest',
      'truncate approval_interest',
    ]) {
      expect([statement, await refusedWith([statement], APPLICATION)]).toEqual([statement, '42501']);
    }
  });

  test('a decision by an interested person written in plain SQL, by the application too', async () => {
    const sales = await app.person('sales');
    const open = `request_id = '${requests['stalled']!.id}' and status = 'OPEN'`;
    for (const login of [null, APPLICATION]) {
      for (const status of ['APPROVED', 'REJECTED', 'ABSTAINED', 'CONFIRMED', 'FILED', 'RETURNED']) {
        expect(
          await refusedWith(
            [`update approval_assignment set status = '${status}', decided_by_id = '${sales}' where ${open}`],
            login,
          ),
        ).toBe('23001');
        expect(
          await refusedWith(
            [`update approval_assignment set person_id = '${sales}', status = '${status}' where ${open}`],
            login,
          ),
        ).toBe('23001');
      }
      const copy = `insert into approval_assignment (id, request_id, ordinal, step_key, round, attempt, person_id, status, rule, weight, veto, required, position, urgent_at, decided_by_id)
        select gen_random_uuid(), request_id, 99, step_key, round, attempt, '${sales}', 'APPROVED', 'sql', 1, false, false, 9, urgent_at, '${sales}' from approval_assignment where ${open} limit 1`;
      expect(await refusedWith([copy], login)).toBe('23001');
      expect(
        await refusedWith(
          [
            `update approval_step set interest_allowed = true where request_id = '${requests['stalled']!.id}'`,
          ],
          login,
        ),
      ).toBe('23001');
    }
  });

  test('an interest lapses only when a returned request is handed in again', async () => {
    const lapse = (which: string): string =>
      `update approval_interest set lapsed = true where request_id = '${requests[which]!.id}'`;
    for (const login of [null, APPLICATION]) {
      expect(await refusedWith([lapse('stalled')], login)).toBe('23001');
      expect(await refusedWith([lapse('approved')], login)).toBe('23001');
      const back = `update approval_request set status = 'RETURNED' where id = '${requests['stalled']!.id}'`;
      expect(await refusedWith([back, lapse('stalled')], login)).toBe('went through');
    }
  });

  test('and the application can do all that it must', async () => {
    const director = await app.person('director');
    const fine = [
      `update approval_assignment set comment = 'x' where request_id = '${requests['stalled']!.id}' and person_id = '${director}'`,
      `insert into approval_interest select gen_random_uuid(), id, '${director}', 'OWNER' from approval_request where id = '${requests['stalled']!.id}'`,
    ];
    for (const statement of fine)
      expect([statement, await refusedWith([statement], APPLICATION)]).toEqual([statement, 'went through']);
  });
});

const EVENTS =
  'query ($id: ID!) { approvalRequest(id: $id) { title steps { assignments { comment evidence } } events { sequence type fact canonical erasedAt } } }';
const ERASE = 'mutation ($input: EraseTextInput!) { eraseText(input: $input) { request { id } } }';

describe('erasure', () => {
  test('is for whoever holds the permission, needs a reason, and an ended request for what was submitted', async () => {
    const input = { requestId: requests['returned']!.id, sequence: 1, reason: 'asked for' };
    expect(await app.refusal('sales', ERASE, { input })).toBe('FORBIDDEN');
    expect(await app.refusal('admin', ERASE, { input: { ...input, reason: ' ' } })).toBe('BAD_USER_INPUT');
    expect(await app.refusal('admin', ERASE, { input: { ...input, subject: true } })).toBe('INVALID_STATE');
    expect(await app.refusal('admin', ERASE, { input: { ...input, sequence: 999 } })).toBe('NOT_FOUND');
  });

  test('takes the words out of every table and answer; the record still verifies and replays', async () => {
    const { id } = requests['rejected']!;
    const wherever = async (words: string): Promise<string[]> => {
      const tables = [
        'approval_assignment',
        'approval_text',
        'approval_event',
        'approval_request',
        'notification',
        'outbox_message',
      ];
      const found = await Promise.all(
        tables.map((table) => em().execute(`select 1 from ${table} t where t::text like '%${words}%'`)),
      );
      return tables.filter((_, index) => found[index]!.length > 0);
    };
    await app.sweep();
    expect(await wherever('a rude word')).toEqual([
      'approval_assignment',
      'approval_text',
      'notification',
      'outbox_message',
    ]);
    const { approvalRequest: before } = await app.ask<{
      approvalRequest: {
        events: { sequence: number; type: string; fact: { comment?: string }; canonical: string }[];
      };
    }>('admin', EVENTS, { id });
    const decided = before.events.find(({ type }) => type === 'DECIDED')!;
    expect(decided.fact.comment).toBe('a rude word');

    await app.ask('admin', ERASE, {
      input: { requestId: id, sequence: decided.sequence, reason: 'the person asked for it' },
    });
    await app.ask('admin', ERASE, {
      input: { requestId: id, sequence: 1, subject: true, reason: 'the person asked for it' },
    });
    expect(await wherever('a rude word')).toEqual([]);
    expect(await wherever('Contract rejected')).toEqual([]);
    const answer = await app.ask<{
      approvalRequest: {
        title: string;
        events: {
          sequence: number;
          fact: { comment?: string; subject?: object };
          canonical: string;
          erasedAt: string | null;
        }[];
      };
    }>('admin', EVENTS, { id });
    const after = answer.approvalRequest;
    expect(JSON.stringify(after)).not.toContain('a rude word');
    expect(after.title).toBe('[erased]');
    expect(after.events.find(({ sequence }) => sequence === decided.sequence)).toMatchObject({
      fact: { comment: '[erased]' },
      canonical: decided.canonical,
      erasedAt: app.now().toISOString(),
    });
    expect(after.events[0]!.fact.subject).toMatchObject({ title: '[erased]', content: {} });

    expect(await verified()).toMatch(/^sound/);
    expect((await replayed(em(), requests['rejected']!.number))[0]!.differences).toEqual([]);
    expect(
      await app.refusal('admin', ERASE, {
        input: { requestId: id, sequence: decided.sequence, reason: 'again' },
      }),
    ).toBe('NOT_FOUND');
  });

  test('leaves who, when and why, and no salt to try words with', async () => {
    const rows = await readDb(em())
      .selectFrom('approval_text')
      .selectAll()
      .where('request_id', '=', requests['rejected']!.id)
      .where('erased_at', 'is not', null)
      .execute();
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const row of rows)
      expect(row).toMatchObject({
        salt: null,
        value: null,
        erased_by_id: await app.person('admin'),
        reason: 'the person asked for it',
      });
  });
});

describe('the evidence certificate', () => {
  const CERTIFICATE = 'query ($id: ID!) { evidenceCertificate(requestId: $id) { document pdfPath } }';
  const certificateOf = async (id: string): Promise<{ document: Certificate; pdfPath: string }> =>
    (
      await app.ask<{ evidenceCertificate: { document: Certificate; pdfPath: string } }>(
        'sales',
        CERTIFICATE,
        { id },
      )
    ).evidenceCertificate;

  test('says who decided what, by which rule, for whom, on which content; and is verified by itself', async () => {
    const { document } = await certificateOf(requests['approved']!.id);
    expect(document).toMatchObject({
      request: { number: requests['approved']!.number, status: 'APPROVED' },
      process: { key: 'contract-review', version: 1 },
      proof: { leaf: { requestId: requests['approved']!.id } },
    });
    expect(
      document.decisions.map(({ decision, comment, contentDigest }) => [decision, comment, contentDigest]),
    ).toEqual(
      ['my secret reasons', null, 'fine'].map((comment) => [
        'APPROVED',
        comment,
        document.request.subject.digest,
      ]),
    );
    expect(faultOfCertificate(document, KEY.publicKey)).toBeNull();
    const delegated = await certificateOf(requests['delegated']!.id);
    expect(delegated.document.decisions[0]).toMatchObject({
      onBehalfOf: { id: await app.person('manager') },
      person: { id: await app.person('director') },
    });
    expect(faultOfCertificate(delegated.document, KEY.publicKey)).toBeNull();
  });

  test('is for whoever may see the request, as a PDF in their language as well', async () => {
    const { id } = requests['approved']!;
    expect(await app.refusal('warehouse', CERTIFICATE, { id })).toBe('NOT_FOUND');
    expect(await app.refusal(null, CERTIFICATE, { id })).toBe('UNAUTHENTICATED');
    const { pdfPath } = await certificateOf(id);
    const pdf = async (as: string | null, url = pdfPath) =>
      app.app.http!.inject({
        method: 'GET',
        url,
        headers:
          as === null ? {} : { authorization: `Bearer ${await app.token(as)}`, 'accept-language': 'zh' },
      });
    const made = await pdf('sales');
    expect([
      made.statusCode,
      made.headers['content-type'],
      made.rawPayload.subarray(0, 5).toString(),
    ]).toEqual([200, 'application/pdf', '%PDF-']);
    expect(made.rawPayload.length).toBeLessThan(200_000);
    expect((await pdf(null)).statusCode).toBe(401);
    expect((await pdf('warehouse')).json()).toMatchObject({
      errors: [{ extensions: { code: 'NOT_FOUND' } }],
    });
    expect((await pdf('sales', '/files/certificates/..%2F..%2Fsecret.pdf')).statusCode).toBe(404);
  });
});

// Each run starts a process of its own.
describe('the command line', () => {
  const TOOL = fileURLToPath(new URL('../../src/tools/audit.js', import.meta.url));
  const run = (...args: string[]): Promise<{ code: number; text: string }> =>
    new Promise((resolve) => {
      const env = { PATH: process.env['PATH'], DATA_DIR: join(folder, 'data') };
      execFile(process.execPath, [TOOL, ...args], { env }, (error, out, wrong) =>
        resolve({ code: error ? Number(error.code) : 0, text: out + wrong }),
      );
    });

  test('exports, verifies a file alone, replays and makes checkpoints; faults exit with 1 and say where', async () => {
    const checkpoint = writeCheckpoint(folder, kept);
    const publicKey = join(folder, `audit-key-${KEY.keyId}.pem`);
    const file = join(folder, 'export.jsonl');
    expect(await run('export', file, '--database', app.url)).toMatchObject({ code: 0 });
    expect(
      await run('verify', '--export', file, '--checkpoint', checkpoint, '--public-key', publicKey),
    ).toEqual({
      code: 0,
      text: expect.stringMatching(/^sound: 8 requests, \d+ facts, \d+ leaves, 3 checkpoints\n$/),
    });
    expect(readFileSync(file, 'utf8')).not.toMatch(/my secret reasons|Contract /);
    const lines = readFileSync(file, 'utf8').split('\n');
    const place = lines.findIndex((line) => line.startsWith('{"event"') && line.includes('DECIDED'));
    const { event } = JSON.parse(lines[place]!) as { event: { requestId: string; sequence: number } };
    const number = Object.values(requests).find(({ id }) => id === event.requestId)!.number;
    writeFileSync(
      file,
      lines.toSpliced(place, 1, lines[place]!.replace('DECIDED', 'STEP_OPENED')).join('\n'),
    );
    expect(await run('verify', '--export', file)).toEqual({
      code: 1,
      text: expect.stringContaining(`FAULT ${number}, fact ${event.sequence}: its text`),
    });

    expect(
      await run('verify', '--database', app.url, '--checkpoint', checkpoint, '--public-key', publicKey),
    ).toMatchObject({ code: 0 });
    expect(await run('replay', 'all', '--database', app.url)).toEqual({
      code: 0,
      text: expect.stringContaining('the facts give the rows: 8 requests'),
    });
    expect(await run('replay', 'A-1', '--database', app.url)).toMatchObject({ code: 2 });
    expect(await run('verify', '--export', join(folder, 'nothing'))).toMatchObject({ code: 2 });
    expect(await run()).toMatchObject({ code: 2, text: expect.stringContaining('npm run audit -- verify') });
    expect(await run('checkpoint', '--to', folder, '--database', app.url)).toMatchObject({
      code: 0,
      text: expect.stringContaining('checkpoint 4: '),
    });
    // A key of its own was made in DATA_DIR: it is not the one that is trusted.
    expect(
      await run('verify', '--database', app.url, '--checkpoint', checkpoint, '--public-key', publicKey),
    ).toEqual({
      code: 1,
      text: expect.stringContaining('checkpoint 4: its signature is not by the key you trust'),
    });
  }, 120_000);
});
