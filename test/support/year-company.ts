import { CONTRACT_REVIEW, MONTHLY_PLAN, STAGE_GATE, startRequest, type Running } from './year-approvals.js';
import { actsOf, DAY, HOUR, packFile, type YearLadder, type YearRule } from './year-calendar.js';
import { chasePayment, watchStages } from './year-ladders.js';
import { YearOracle } from './year-oracle.js';
import type { YearRecord, YearSchedule } from './year-people.js';

// What the people of the demo company begin in a year, by a seed: customers, complaints, projects, plans, contracts,
// absences and things of their own.

export interface Year {
  readonly seed: number;
  readonly from: number;
  readonly until: number;
}

export function expectYear({
  seed,
  from,
  until,
}: Year): Pick<YearOracle, 'acts'> & { log: readonly string[] } {
  const oracle = new YearOracle(seed, from, until);
  const days = Math.ceil((until - from) / DAY);
  const on = (day: number, act: () => void): void => {
    const time = oracle.moment(from + day * DAY + oracle.random() * 8 * HOUR);
    oracle.at(time, act);
  };
  const seeded = (name: string, level: string) => customer(oracle, name, 'sales', level);
  const customers = [seeded('Northern Grid Province Company', 'A'), seeded('Harbour Auto Parts', 'B')];
  on(0.1, () => fillIn(oracle));
  for (let day = 1, n = 1; day < days; day += 8, n += 1) {
    const [owner, level] = [pick(oracle, OWNERS), pick(oracle, LEVELS)];
    on(day, () => customers.push(registered(oracle, `Customer ${n}`, owner, level)));
  }
  for (let day = 6; day < days; day += 9) on(day, () => complain(oracle, pick(oracle, customers)));
  for (let day = 13; day < days; day += 17) on(day, () => relevel(oracle, pick(oracle, customers)));
  for (let day = 3, n = 1; day < days; day += 9, n += 1)
    on(day, () => contract(oracle, `Contract ${n}`, n % 3));
  for (let day = 2, n = 1; day < days; day += 70, n += 1) on(day, () => project(oracle, `Project ${n}`));
  for (const start of months(from, until)) plan(oracle, start, on);
  for (let day = 4, n = 1; day < days; day += 40, n += 1)
    on(day, () => own(oracle, `Check the archive ${n}`));
  for (const [day, person, substitute, length] of ABSENCES)
    if (day < days) on(day, () => absent(oracle, person, substitute, length));
  for (let day = 8; day < days; day += 90) on(day, () => busy(oracle));
  return { log: oracle.run(), acts: oracle.acts };
}

const OWNERS = ['sales', 'planner', 'tech'];
const LEVELS = ['H', 'A', 'B', 'C'];
const ABSENCES = [
  [20, 'sales', 'planner', 6],
  [41, 'tech', 'planner', 9],
  [70, 'planner', 'sales', 12],
  [120, 'sales', 'planner', 20],
  [205, 'tech', 'planner', 15],
  [300, 'sales', 'tech', 10],
] as const;
const pick = <T>(oracle: YearOracle, from: readonly T[]): T =>
  from[Math.floor(oracle.random() * from.length)]!;

/** A source left it open; the administrator has it weekly, by the plain calendar. */
function fillIn(oracle: YearOracle): void {
  const key = 'published-information';
  const rule: YearRule = { kind: 'weekday', weekday: 'wednesday' };
  oracle.act('admin', 'fill', { key, rule });
  const { rules } = packFile('field-sales/reports.yaml') as { rules: YearSchedule[] };
  const { calendar: _, ...open } = rules.find((one) => one.key === key)! as YearSchedule & {
    calendar?: string;
  };
  oracle.recur({ ...open, makes: { ...open.makes!, kind: 'TASK' }, rule }, oracle.now);
}

function customer(oracle: YearOracle, name: string, owner: string, level: string): YearRecord {
  const events = { 'last-contact': oracle.now };
  const made = { type: 'CUSTOMER', name, owner, events, fields: { level } };
  oracle.at(oracle.now, () => {
    oracle.did(owner, 'customer');
    oracle.bringUpToDate(made);
  });
  return made;
}

function registered(oracle: YearOracle, name: string, owner: string, level: string): YearRecord {
  oracle.act(owner, 'customer', { name, level });
  return customer(oracle, name, owner, level);
}

function complain(oracle: YearOracle, record: YearRecord): void {
  happened(oracle, record, 'complaint', oracle.now);
  // Some complain again before they have been answered.
  if (oracle.random() < 0.4)
    oracle.at(oracle.moment(oracle.now + oracle.random() * 1.5 * DAY), () =>
      happened(oracle, record, 'complaint', oracle.now),
    );
}

function happened(oracle: YearOracle, record: YearRecord, event: string, at: number | null): void {
  const { type, name, owner } = record;
  oracle.act(owner, 'event', { type, name, event, at: at && new Date(at).toISOString() });
  record.events[event] = at;
  record.touched?.();
  oracle.bringUpToDate(record);
}

function relevel(oracle: YearOracle, record: YearRecord): void {
  const level = pick(oracle, LEVELS);
  oracle.act(record.owner, 'level', { name: record.name, level });
  record.fields['level'] = level;
  oracle.bringUpToDate(record);
}

function contract(oracle: YearOracle, title: string, size: number): void {
  const amount = size === 0 ? 720_000 : 120_000;
  const calendar = oracle.calendars['china']!;
  const payDay = calendar.dayOf(oracle.now) + 25 + Math.floor(oracle.random() * 30);
  const payment = calendar.instant(payDay + 1, 0) - 1;
  const record: YearRecord = {
    type: 'CONTRACT',
    name: title,
    owner: 'sales',
    events: { 'payment-1': payment },
    fields: { status: 'DRAFT' },
  };
  oracle.act('sales', 'contract', {
    title,
    amount,
    dueOn: new Date(payDay * DAY).toISOString().slice(0, 10),
  });
  startRequest(oracle, CONTRACT_REVIEW, {
    title,
    requester: 'sales',
    amount,
    climbs: amount < 500_000 ? 3 : 2,
    ended: () => {
      record.fields['status'] = 'APPROVED';
      oracle.bringUpToDate(record);
      chasePayment(oracle, record, amount);
    },
  });
}

/** Two stages and a bit: each document goes through the gate, then the next is written. */
const DOCUMENTS = [
  ['customer-development', 'START', 'F-001'],
  ['customer-development', 'RESULT', 'F-014'],
  ['customer-development', 'RESULT', 'F-015'],
  ['project-intention', 'START', 'F-002'],
  ['project-intention', 'RESULT', 'F-023'],
  ['project-confirmation', 'START', 'F-003'],
] as const;

function project(oracle: YearOracle, name: string): void {
  oracle.act('sales', 'project', { name });
  const record: YearRecord = { type: 'PROJECT', name, owner: 'sales', events: {}, fields: {} };
  const watched = watchStages(oracle, record);
  record.touched = () => watched.touched();
  watched.touched();
  const write = (place: number): void => {
    const document = DOCUMENTS[place];
    if (!document) return;
    const [stage, gate, form] = document;
    // Every second one lies for so long that its stage stalls, unless something else happens to the project.
    const days = place % 2 === 1 ? 8 + oracle.random() * 10 : oracle.random() * 3;
    oracle.at(oracle.moment(oracle.now + days * DAY), () => {
      const title = `${name} ${form}`;
      oracle.act('sales', 'stage-document', { project: name, stage, gate, form, title });
      const ended = (): void => {
        watched.filed(form);
        watched.touched();
        write(place + 1);
      };
      const request = { title, requester: 'sales', amount: 0, climbs: 2, ended };
      const running = startRequest(oracle, STAGE_GATE, { ...request, decided: () => watched.touched() });
      watched.handedIn(form, running);
      watched.touched();
    });
  };
  write(0);
  const start = oracle.now;
  const event = (after: number, what: string, ahead: number | null): void =>
    oracle.at(oracle.moment(start + after * DAY), () =>
      happened(oracle, record, what, ahead === null ? null : oracle.now + ahead * DAY),
    );
  event(3, 'positioning-meeting', 1);
  event(4, 'handover', 0);
  event(5, 'concept-presentation', 20);
  event(6, 'concept-presentation', 26);
  event(7, 'coordination-meeting', 3);
  event(8, 'concept-presentation', null);
  event(9, 'pile-foundation', 0);
  event(11, 'construction-drawings', 90);
  event(14, 'construction-drawings', 30);
  event(17, 'construction-drawings', 80);
  event(20, 'completed', 0);
}

/** The first days of the months whose plans can be made within the time. */
function months(from: number, until: number): number[] {
  const first = new Date(from);
  const starts = Array.from({ length: 24 }, (_, n) =>
    Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1 + n, 1),
  );
  return starts.filter((start) => start < until);
}

interface Milestone extends YearLadder {
  readonly key: string;
  readonly due?: { readonly day: number };
  readonly responsible: 'owner' | { readonly role: string };
  readonly doneBy: string;
  readonly waitsFor?: string;
}
const MILESTONES = (packFile('monthly-parts-plan/plan.yaml') as { milestones: Milestone[] }).milestones;
const RESPONSIBLE: Readonly<Record<string, string>> = {
  salesperson: 'sales',
  warehouse: 'warehouse',
  'general-manager': 'gm',
};

function plan(oracle: YearOracle, month: number, on: (day: number, act: () => void) => void): void {
  const calendar = oracle.calendars['china']!;
  const period = new Date(month).toISOString().slice(0, 7);
  const title = `Plan ${period}`;
  const done = new Set<string>();
  let running: Running | null = null;
  const owing = (key: string): string[] => {
    const { waitsFor, doneBy, responsible } = MILESTONES.find((one) => one.key === key)!;
    if (waitsFor !== undefined && !done.has(waitsFor)) return owing(waitsFor);
    if (doneBy === 'approval') return running ? running.asked : ['planner'];
    return [responsible === 'owner' ? 'planner' : RESPONSIBLE[responsible.role]!];
  };
  const begin = (): void => {
    oracle.act('planner', 'plan', { title, period });
    for (const milestone of MILESTONES) {
      if (!milestone.due) continue;
      const due = calendar.instant(calendar.dayOf(month) + milestone.due.day, 0) - 1;
      for (const { kind, index, at } of actsOf(milestone, due, calendar, oracle.now))
        oracle.at(at, () => {
          if (done.has(milestone.key)) return;
          const named =
            kind === 'rung' && milestone.ladder![index]!.action.do === 'notify' ? ['manager'] : [];
          const people = [...owing(milestone.key), ...named];
          oracle.tell('MILESTONE', `${title} ${milestone.key}/${kind}/${index}`, people);
        });
    }
    const handIn = (key: string, as: string, form: string, then: () => void): void => {
      const late = oracle.random() < 0.35 ? 2 + oracle.random() * 4 : -oracle.random() * 5;
      oracle.at(oracle.moment(calendar.instant(calendar.dayOf(month) + 6, 0) + late * DAY), () => {
        oracle.act(as, 'plan-document', { title, form });
        done.add(key);
        then();
      });
    };
    if (oracle.random() < 0.85) handIn('demand-forecast', 'sales', 'F-078', () => undefined);
    handIn('stock-list', 'warehouse', 'F-079', () => {
      const drafted = Math.max(oracle.now + HOUR, calendar.instant(calendar.dayOf(month) + 7, 0));
      oracle.at(oracle.moment(drafted + oracle.random() * 5 * DAY), submit);
    });
  };
  const submit = (): void => {
    oracle.act('planner', 'submit-plan', { title });
    done.add('plan-drafted');
    running = startRequest(oracle, MONTHLY_PLAN, {
      title,
      requester: 'planner',
      amount: 0,
      climbs: 0,
      ended: () => {
        done.add('plan-approved');
        running = null;
        if (oracle.random() < 0.2) return;
        oracle.at(oracle.moment(oracle.now + HOUR + oracle.random() * 6 * DAY), () => {
          oracle.act('sales', 'milestone', { title, key: 'stores-guided' });
          done.add('stores-guided');
        });
      },
    });
  };
  on(Math.max(0.2, (month - oracle.from) / DAY - 3), begin);
}

/** Somebody's own task, again each Thursday as long as it is done; by the calendar of operations. */
function own(oracle: YearOracle, title: string): void {
  const calendar = oracle.calendars['monday-friday']!;
  const due = oracle.now + 2 * DAY;
  const repeat: YearRule = { kind: 'weekday', weekday: 'thursday' };
  oracle.act('clerk', 'own', { title, due: new Date(due).toISOString(), repeat, ladder: OWN_LADDER });
  oracle.make({
    title,
    kind: 'TASK',
    about: 'clerk',
    person: 'clerk',
    due,
    repeat,
    ladder: OWN_LADDER,
    calendar,
  });
}
const OWN_LADDER: YearLadder = {
  reminders: [{ when: 'before', offset: { after: 'P1D', in: 'business' } }],
  ladder: [
    { after: { after: 'P1D', in: 'business' }, action: { do: 'remind' } },
    { after: { after: 'P3D', in: 'business' }, action: { do: 'notify', who: [{ rule: 'manager' }] } },
  ],
};

function absent(oracle: YearOracle, person: string, substitute: string, length: number): void {
  const from = oracle.moment(oracle.now + DAY);
  const until = oracle.moment(from + length * DAY);
  oracle.act(person, 'absence', {
    substitute,
    from: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
  });
  oracle.away(person, substitute, from, until);
}

/** A week in which a target is reached. */
function busy(oracle: YearOracle): void {
  const calendar = oracle.calendars['china']!;
  const monday = calendar.dayOf(oracle.now) + 7 - ((calendar.dayOf(oracle.now) + 3) % 7);
  for (let n = 1; n <= 15; n += 1)
    oracle.at(oracle.moment(calendar.instant(monday, 0) + (2 + n * 6) * HOUR), () => {
      const title = `Door visit ${n}`;
      const due = oracle.now + 20 * HOUR;
      oracle.act('tech', 'visited', { title, due: new Date(due).toISOString() });
      oracle.log('CREATED', title, 'tech', new Date(due).toISOString());
      oracle.log('COMPLETED', title, 'tech', new Date(due).toISOString(), 'SUCCEEDED');
      oracle.did('tech', 'VISIT');
    });
}
