import { openOutside } from '../../src/app.js';
import { sendOutbox } from '../../src/commands/schedule/send-outbox.js';
import type { Config } from '../../src/config.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { mailServer } from './mail-server.js';
import { testApp, type TestApp } from './test-app.js';
import { readFollowUps } from './year-log.js';
import { CALENDAR_OF, CALL_AGAIN, DIGESTS, FIELD_ROLES, MANAGER, type YearAct } from './year-people.js';

// Plays a year on the product: people act over the public API, the clock goes from one event to the next, the sweep does
// what is due. The queue has no part in it: what it would wake up for, the sweep finds in the tables.

/** Ids by name, as the acts name things. */
type Names = Map<string, string>;

interface Player {
  readonly app: TestApp;
  readonly ids: Names;
}

const GROUPS = ['TURNS', 'REQUESTS', 'TALK', 'ALARMS', 'OTHER'];

export interface PlayedYear {
  readonly app: TestApp;
  /** Times at which the clock stood still. */
  readonly stops: number;
  readonly mails: number;
  close(): Promise<void>;
}

/** @throws Error when an act is refused or a sweep fails */
export async function playYear(acts: readonly YearAct[], until: number): Promise<PlayedYear> {
  const server = await mailServer();
  const mail = {
    host: '127.0.0.1',
    port: server.port,
    tls: 'none',
    user: undefined,
    password: undefined,
    passwordFile: undefined,
    from: 'Countersign <noreply@mail.example>',
  } as const;
  const settings = { mail, publicUrl: 'https://approvals.example', frontendUrl: 'https://app.example' };
  const app = await testApp(settings);
  const outside = openOutside(settings as unknown as Config);
  const player = { app, ids: new Map<string, string>() };
  await prepare(player);
  let [stops, next] = [0, 0];
  for (;;) {
    const act = acts[next];
    const due = await nextDue(app);
    const at = Math.min(act?.at ?? Infinity, due ?? Infinity);
    if (at >= until) break;
    app.moveTo(new Date(Math.max(at, app.now().getTime())));
    stops += 1;
    if (act?.at === at) {
      next += 1;
      await perform(player, act);
    }
    await settle(app, stops % 7 === 0 ? 2 : 1);
    if (stops % 50 === 0) await sendOutbox(app.app.makeContext(), outside.channels);
  }
  app.moveTo(new Date(until - 1));
  await settle(app, 2);
  await sendOutbox(app.app.makeContext(), outside.channels);
  outside.close();
  const close = async (): Promise<void> => {
    await app.close();
    await server.close();
  };
  return { app, stops, mails: server.mails.length, close };
}

async function nextDue(app: TestApp): Promise<number | null> {
  const { due } = await readDb(app.app.orm.em.fork())
    .selectFrom('timer')
    .select(({ fn }) => fn.min('due_at').as('due'))
    .where('state', '=', 'SCHEDULED')
    .executeTakeFirstOrThrow();
  return due === null ? null : new Date(due).getTime();
}

/** Sweeps, one or two at once, until nothing is due: a ladder set late has rungs that are due already. */
async function settle(app: TestApp, sweeps: number): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    const reports = await Promise.all(Array.from({ length: sweeps }, () => app.sweep()));
    const bad = reports.filter(({ failed, dead, refused }) => failed + dead + refused > 0);
    if (bad.length > 0)
      throw new Error(`${app.now().toISOString()}: ${JSON.stringify({ bad, errors: app.errors.slice(-5) })}`);
    const due = await nextDue(app);
    if (due === null || due > app.now().getTime()) return;
  }
  throw new Error(`${app.now().toISOString()}: what is due stays due`);
}

async function prepare({ app }: Player): Promise<void> {
  const db = readDb(app.app.orm.em.fork());
  for (const [key, calendar_key] of Object.entries(CALENDAR_OF))
    await db.updateTable('department').set({ calendar_key }).where('key', '=', key).execute();
  for (const [person, role_key] of FIELD_ROLES)
    await db
      .insertInto('role_grant')
      .values({ id: newRowId(), person_id: await app.person(person), role_key })
      .execute();
  for (const person of Object.keys(MANAGER)) {
    const mode = DIGESTS[person] ? 'DIGEST' : 'OFF';
    await mutate(
      app,
      person,
      'setNotificationPreferences',
      'NotificationPreferencesInput',
      'preferences { digestHour }',
      {
        mail: GROUPS.map((group) => ({ group, mode })),
      },
    );
  }
}

async function mutate<T>(
  app: TestApp,
  as: string,
  name: string,
  type: string,
  fields: string,
  input: object,
): Promise<T> {
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} } }`;
  return (await app.ask<Record<string, T>>(as, query, { input }))[name]!;
}

async function perform({ app, ids }: Player, { at, as, act, with: what }: YearAct): Promise<void> {
  try {
    await ACTS[act]!({ app, ids }, as, what);
  } catch (error) {
    const said = `${new Date(at).toISOString()} ${as} ${act} ${JSON.stringify(what)}`;
    throw new Error(`${said}: ${String(error)}`, { cause: error });
  }
}

type Given = Readonly<Record<string, unknown>>;
type Act = (player: Player, as: string, given: Given) => Promise<void>;
interface Made {
  readonly id: string;
  readonly version: number;
}

const ACTS: Readonly<Record<string, Act>> = {
  async customer({ app }, as, input) {
    await mutate(app, as, 'createCustomer', 'CreateCustomerInput', 'customer { id }', input);
  },
  async level({ app }, as, { name, level }) {
    const { id, version } = await named(app, 'customer', name);
    const input = { id, expectedVersion: version, level };
    await mutate(app, as, 'updateCustomer', 'UpdateCustomerInput', 'customer { id }', input);
  },
  async event({ app }, as, { type, name, event, at }) {
    const { id } = await named(app, type === 'PROJECT' ? 'project' : 'customer', name);
    const input = { subjectType: type, subjectId: id, event, at };
    await mutate(app, as, 'setRecordEvent', 'SetRecordEventInput', 'name', input);
  },
  async contract({ app, ids }, as, { title, amount, dueOn }) {
    const customerId = (await named(app, 'customer', 'Harbour Auto Parts')).id;
    const money = `${String(amount)}.00`;
    const { contract } = await mutate<{ contract: Made }>(
      app,
      as,
      'createContract',
      'CreateContractInput',
      'contract { id }',
      {
        title,
        customerId,
        amount: { amount: money, currency: 'CNY' },
        paymentTerms: [{ title: 'All of it', amount: money, dueOn }],
      },
    );
    await submit({ app, ids }, as, 'CONTRACT', contract.id, title as string);
  },
  async receipt({ app }, as, { title, amount, receivedOn }) {
    const { id: paymentTermId } = await readDb(app.app.orm.em.fork())
      .selectFrom('payment_term as term')
      .innerJoin('contract', 'contract.id', 'term.contract_id')
      .select('term.id')
      .where('contract.title', '=', title as string)
      .executeTakeFirstOrThrow();
    const input = { paymentTermId, amount: `${String(amount)}.00`, receivedOn };
    await mutate(app, as, 'recordReceipt', 'RecordReceiptInput', 'mismatch', input);
  },
  async project({ app }, as, { name }) {
    const customerId = (await named(app, 'customer', 'Northern Grid Province Company')).id;
    const amount = { amount: '10.00', currency: 'CNY' };
    const input = { title: name, templateKey: 'software-project', customerId, amount };
    await mutate(app, as, 'createProject', 'CreateProjectInput', 'project { id }', input);
  },
  async 'stage-document'({ app, ids }, as, { project, stage, gate, form, title }) {
    const { id } = await named(app, 'project', project);
    const { id: stageId } = await readDb(app.app.orm.em.fork())
      .selectFrom('project_stage')
      .select('id')
      .where('project_id', '=', id)
      .where('key', '=', stage as string)
      .executeTakeFirstOrThrow();
    const input = { stageId, gate, formKey: form, title, data: {} };
    const made = await mutate<{ document: Made }>(
      app,
      as,
      'createDocument',
      'CreateDocumentInput',
      'document { id }',
      input,
    );
    await submit({ app, ids }, as, 'DOCUMENT', made.document.id, title as string);
  },
  async plan({ app }, as, { title, period }) {
    const lines = [{ product: 'Brake pad', outlet: 'Store 12', target: '200.00' }];
    const input = { title, period, kind: 'MONTHLY', templateKey: 'monthly-parts-plan', lines };
    await mutate(app, as, 'createPlan', 'CreatePlanInput', 'plan { id }', input);
  },
  async 'plan-document'({ app }, as, { title, form }) {
    const { id: planId } = await named(app, 'plan', title);
    const input = { planId, formKey: form, title: form, data: {} };
    await mutate(app, as, 'createDocument', 'CreateDocumentInput', 'document { id }', input);
  },
  async 'submit-plan'({ app, ids }, as, { title }) {
    await submit({ app, ids }, as, 'PLAN', (await named(app, 'plan', title)).id, title as string);
  },
  async milestone({ app }, as, { title, key }) {
    const input = { planId: (await named(app, 'plan', title)).id, key };
    await mutate(
      app,
      as,
      'completePlanMilestone',
      'CompletePlanMilestoneInput',
      'milestone { status }',
      input,
    );
  },
  async decide({ app, ids }, as, { title, step, verb }) {
    const requestId = ids.get(title as string)!;
    const found = await readDb(app.app.orm.em.fork())
      .selectFrom('approval_assignment')
      .select('id')
      .where('request_id', '=', requestId)
      .where('person_id', '=', await app.person(as))
      .where('step_key', '=', step as string)
      .where('status', '=', 'OPEN')
      .executeTakeFirst();
    if (!found) throw new Error('is not asked');
    const input = {
      assignmentId: found.id,
      ...(verb === 'file' ? { filingNumber: `FN ${String(title)}` } : {}),
    };
    const type = verb === 'file' ? 'FileInput' : 'DecisionInput';
    await mutate(app, as, verb as string, type, 'request { status }', input);
  },
  async complete({ app }, as, { rule, about, due, outcomeKind, nextDue }) {
    const open = (await readFollowUps(app)).filter(
      (one) => one.open && one.rule === rule && one.about === about && one.due === due,
    );
    if (open.length !== 1) throw new Error(`${open.length} of these are open`);
    const { id, version } = open[0]!;
    const next = nextDue
      ? { next: { title: 'Call again', kind: 'CALL', dueAt: nextDue, ladder: CALL_AGAIN } }
      : {};
    const input = { id, expectedVersion: version, outcome: 'As it went', outcomeKind, ...next };
    await mutate(app, as, 'completeFollowUp', 'CompleteFollowUpInput', 'followUp { id }', input);
  },
  async own({ app }, as, { title, due, repeat, ladder }) {
    const input = { title, dueAt: due, repeat: { rule: repeat }, ladder };
    await mutate(app, as, 'createFollowUp', 'CreateFollowUpInput', 'followUp { id }', input);
  },
  async visited({ app }, as, { title, due }) {
    const made = await mutate<{ followUp: Made }>(
      app,
      as,
      'createFollowUp',
      'CreateFollowUpInput',
      'followUp { id version }',
      { title, dueAt: due, kind: 'VISIT' },
    );
    const { id, version } = made.followUp;
    const input = { id, expectedVersion: version, outcome: 'Seen' };
    await mutate(app, as, 'completeFollowUp', 'CompleteFollowUpInput', 'followUp { id }', input);
  },
  async absence({ app }, as, { substitute, from, until }) {
    const input = { substituteId: await app.person(substitute as string), from, until };
    await mutate(app, as, 'setAbsence', 'SetAbsenceInput', 'moved', input);
  },
  async fill({ app }, as, { key, rule }) {
    const { id, version } = await readDb(app.app.orm.em.fork())
      .selectFrom('recurring_rule')
      .select(['id', 'version'])
      .where('key', '=', key as string)
      .executeTakeFirstOrThrow();
    const input = { id, expectedVersion: version, rule };
    await mutate(app, as, 'fillSchedule', 'FillScheduleInput', 'rule { nextAt }', input);
  },
};

async function named(app: TestApp, table: 'customer' | 'project' | 'plan', name: unknown): Promise<Made> {
  return readDb(app.app.orm.em.fork())
    .selectFrom(table)
    .select(['id', 'version'])
    .where((table === 'customer' ? 'name' : 'title') as never, '=', name as never)
    .executeTakeFirstOrThrow();
}

async function submit(
  { app, ids }: Player,
  as: string,
  type: string,
  id: string,
  title: string,
): Promise<void> {
  const input = { subjectType: type, subjectId: id };
  const made = await mutate<{ request: Made }>(
    app,
    as,
    'submitForApproval',
    'SubmitForApprovalInput',
    'request { id }',
    input,
  );
  ids.set(title, made.request.id);
}
