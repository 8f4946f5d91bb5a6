import {
  actsOf,
  DAY,
  HOUR,
  later,
  packDocuments,
  packFile,
  type Span,
  type YearLadder,
} from './year-calendar.js';
import type { YearOracle } from './year-oracle.js';
import { MANAGER, WORKS_BY } from './year-people.js';

// Approvals of the simulated year: steps as the packs' rows write them, each decided soon, or after a rung of its ladder.

interface StepRow extends YearLadder {
  readonly key: string;
  readonly kind: string;
  readonly approvers?: readonly { readonly rule: string; readonly role?: string }[];
  readonly when?: string;
  readonly branches?: readonly StepRow[];
  readonly due?: Span;
}
export interface Process {
  readonly calendar?: string;
  readonly steps: readonly StepRow[];
}

export const CONTRACT_REVIEW = packFile('contract-review/contract-review.yaml') as Process;
export const STAGE_GATE = packDocuments('software-project/gates.yaml')[0] as Process;
export const MONTHLY_PLAN = packFile('monthly-parts-plan/approval.yaml') as Process;

/** Who holds a role among the demo people; nobody is deputy general manager. */
const HOLDER: Readonly<Record<string, string>> = {
  'general-manager': 'gm',
  'marketing-director': 'director',
  'technical-reviewer': 'tech',
  finance: 'finance',
  legal: 'legal',
  clerk: 'clerk',
  administrator: 'admin',
  salesperson: 'sales',
};

/** Whom rules of people name for somebody: their manager, or whoever holds a role. */
export const namedFor = (
  person: string,
  rules: readonly { readonly rule: string; readonly role?: string }[] = [],
): string[] => [
  ...new Set(
    rules.flatMap(({ rule, role }) => (rule === 'manager' ? MANAGER[person]! : (HOLDER[role!] ?? []))),
  ),
];

export interface YearRequest {
  readonly title: string;
  readonly requester: string;
  readonly amount: number;
  /** Whether the last rungs may come: no longer where their people decide a later step anyway. */
  readonly climbs: number;
  /** Somebody has decided. */
  readonly decided?: () => void;
  readonly ended: () => void;
}

/** Whoever is asked in the open step of a request; empty once it is over. */
export interface Running {
  asked: string[];
}

export function startRequest(oracle: YearOracle, process: Process, request: YearRequest): Running {
  const running: Running = { asked: [] };
  const { title, requester } = request;
  const peopleOf = (rules: StepRow['approvers']): string[] => namedFor(requester, rules);
  const tell = (kind: string, people: readonly string[]): void => oracle.tell(kind, title, people);
  const isAsked = ({ when }: StepRow): boolean =>
    when === undefined || when.includes('>=') === request.amount >= 500_000;
  const steps = process.steps.filter(isAsked);

  const open = (place: number): void => {
    const step = steps[place];
    if (!step) {
      running.asked = [];
      oracle.log('fact', 'ENDED', title);
      request.ended();
      return tell('ENDED', [requester]);
    }
    if (step.kind === 'notify') {
      tell('INFORMED', ['sales']);
      return open(place + 1);
    }
    const branches = step.branches ?? [step];
    if (step.branches) oracle.log('fact', 'STEP_OPENED', title, step.key);
    let left = branches.length;
    const closed = (): void => void ((left -= 1) === 0 && open(place + 1));
    for (const branch of branches) openStep(branch, closed);
  };

  const openStep = (step: StepRow, closed: () => void): void => {
    let asked = peopleOf(step.approvers).map((person) => oracle.insteadOf(person));
    // One person is asked at the opening of each of these steps: theirs is the calendar where the process names none.
    const calendar = oracle.calendars[process.calendar ?? WORKS_BY[asked[0]!] ?? 'monday-friday']!;
    const due = step.due ? later(calendar, oracle.now, step.due) : null;
    const stoodInFor = new Set<string>(peopleOf(step.approvers));
    let isOpen = true;
    running.asked = asked;
    oracle.log('fact', 'STEP_OPENED', title, step.key);
    tell('ASSIGNED', asked);
    // Only whoever was asked by a rule has a turn to give away and to get back.
    const turns = (from: string, to: string): void => {
      if (!asked.includes(from) || !(stoodInFor.has(from) || stoodInFor.has(to))) return;
      asked = asked.map((person) => (person === from ? to : person));
      running.asked = asked;
      tell('ASSIGNED', [to]);
    };
    oracle.turns.add(turns);
    const acts = due === null ? [] : actsOf(step, due, calendar, oracle.now);
    const climb = (index: number): void => {
      const { action } = step.ladder![index]!;
      oracle.log('fact', 'ESCALATED', title, step.key);
      if (action.do === 'remind') return tell('REMINDED', asked);
      const named = peopleOf(action.who);
      if (action.do === 'notify') return tell('ESCALATED', named.length > 0 ? named : ['admin']);
      const fresh = named.filter((person) => !asked.includes(person));
      asked = action.do === 'hand-over' && fresh.length > 0 ? fresh : [...asked, ...fresh];
      running.asked = asked;
      tell(fresh.length > 0 ? 'ASSIGNED' : 'ESCALATED', fresh.length > 0 ? fresh : ['admin']);
    };
    for (const { kind, index, at } of acts)
      oracle.at(at, () => {
        if (!isOpen) return;
        if (kind === 'rung') return climb(index);
        oracle.log('fact', 'REMINDED', title, step.key);
        tell('REMINDED', asked);
      });
    const rungs = acts.filter(({ kind }) => kind === 'rung').slice(0, request.climbs);
    const late = oracle.random() < 0.35 ? rungs[Math.floor(oracle.random() * rungs.length)] : undefined;
    const when = late ? late.at + 90 * 60_000 : oracle.now + HOUR + oracle.random() * 2.5 * DAY;
    oracle.at(oracle.moment(when), () => {
      isOpen = false;
      oracle.turns.delete(turns);
      const by = asked.at(-1)!;
      oracle.act(by, 'decide', { title, step: step.key, verb: step.kind === 'file' ? 'file' : 'approve' });
      oracle.log('fact', 'DECIDED', title, by);
      request.decided?.();
      closed();
    });
  };
  open(0);
  return running;
}
